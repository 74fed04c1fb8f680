"""`ganvas doctor SOURCE...`: whether pictures are good enough; `ganvas doctor --data DIR`: which recipe to train.

`ganvas doctor FILE.png`, a file of ours: how it was made; `--again MODEL --out X.png`: the same once more.
"""

import shlex
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.invocation import program
from ganvas.cli.prepare import COMMON, arguments_with_choices, flat_choices, operations_registry
from ganvas.cli.terminal import progress
from ganvas.provenance import provenance_of

ARGUMENTS: list[Any] = [
    ("size", Annotated[str, arg(help="side of every image in pixels, or WIDTHxHEIGHT")], field(default="64")),
    *COMMON,
    ("preview", Annotated[Path | None, arg(help="PNG to save: images before and after")], field(default=None)),
    ("report", Annotated[Path | None, arg(help="HTML file to save: the report")], field(default=None)),
]
_ABOUT = """Look at sources as `ganvas prepare` would, without writing a dataset.

It takes what `prepare` takes, and says what would be kept, what not and why, and what is unusual. With --data DIR in
place of sources it says which recipe to train on a dataset folder: `ganvas doctor --data DIR --help`. Of a file that a
model made it says how: `ganvas doctor FILE.png`; with --again MODEL --out X.png it makes the same picture once more."""
_SHOWN = 20
_ONLY_DOCTOR = ("--preview", "--report")


def run(arguments: list[str]) -> None:
    """Print what `prepare` would make of the sources, or what recipes would make of a dataset folder."""
    if any(word.partition("=")[0] == "--data" for word in arguments):
        parse(choose, "doctor --data", arguments)
        return
    if any(word.partition("=")[0] == "--again" for word in arguments):
        parse(make_again, "doctor --again", arguments)
        return
    if len(arguments) == 1 and (path := Path(arguments[0])).is_file() and (made := provenance_of(path)):
        print("\n".join(made.lines()))
        if made.index is not None or {"latents", "styles"} & made.settings.keys():
            print(f"Once more: ganvas doctor {shlex.quote(arguments[0])} --again MODEL --out AGAIN.png")
        return
    from ganvas.workflows.doctor import doctor

    given = parse(
        arguments_with_choices("DoctorArguments", ARGUMENTS), "doctor", arguments, _ABOUT, operations_registry()
    )
    found = doctor(
        *given.sources,
        size=given.size,
        channels=given.channels,
        data_dir=given.data_dir,
        preview=given.preview,
        report=given.report,
        progress=progress(),
        **flat_choices(given.choices),
    )
    shape, *lines = found.summary.splitlines()
    print("It would become" + shape[shape.rindex(": ") :].rstrip(")"), *lines, sep="\n")
    for row in found.left_out[:_SHOWN]:
        print(f"  {row.outcome} {row.path}: {row.reason}")
    if len(found.left_out) > _SHOWN:
        print(f"  ... and {len(found.left_out) - _SHOWN:,} more; `--report FILE` shows them by reason")
    for row in found.unusual[:_SHOWN]:
        flags = [flag for flag in row.flags.split(",") if flag != "unknown-licence"]
        print(f"  unusual {row.path}: {', '.join(flags)}")
    if len(found.unusual) > _SHOWN:
        print(f"  ... and {len(found.unusual) - _SHOWN:,} more; `--report FILE` shows them by kind")
    for path in filter(None, (given.preview, given.report)):
        print(f"Saved {path}")
    print(f"Next: {program()} prepare {_for_prepare(arguments)}")


def choose(
    data: Annotated[Path, arg(help="dataset folder")],
    recipes: Annotated[str, arg(help="names or files, joined by commas; all unless given")] = "",
    seconds: Annotated[float, arg(help="seconds to play each recipe, beside its start")] = 5.0,
) -> None:
    """Say which recipe to train on a dataset folder: what each would cost on this machine, by a few real rounds.

    Writes nothing. Time and memory are measured here, on these images; a recipe whose step takes longer than 10 s is
    extrapolated from a smaller batch, or left out.
    """
    from ganvas.workflows.plan import plans
    from ganvas.workflows.prediction import table

    print("\n".join(table(plans(data, [name for name in recipes.split(",") if name], seconds, progress=progress()))))


def make_again(
    picture: Annotated[Positional[Path], arg(metavar="FILE.png", help="a picture that a model of ours drew")],
    /,
    again: Annotated[Path, arg(help="run or model folder that drew it")],
    out: Annotated[Path, arg(help="PNG file to write")],
) -> None:
    """Make a picture once more of what it says of itself, and say whether it is the same, byte for byte."""
    from ganvas.workflows.again import make_again as work

    same = work(picture, again, out)
    words = "the same, byte for byte" if same else "not the same: drawn on another machine, version or thread number"
    print(f"Saved {out}: {words}")


def _for_prepare(arguments: list[str]) -> str:
    """Return the same command line as `prepare` takes it: without what is to be saved, with a place and a size."""
    kept, words = [], iter(arguments)
    for word in words:
        name, has_value, _ = word.partition("=")
        if name not in _ONLY_DOCTOR:
            kept.append(word)
        elif not has_value:
            next(words, None)
    size = [] if any(word.split("=")[0] == "--size" for word in kept) else ["--size", "64"]
    return shlex.join([*kept, *size, "--out", "data/NAME"])
