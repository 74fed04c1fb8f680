"""`ganvas completion SHELL`: a script that makes a shell complete verbs, options, recipes and values."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from typing import Annotated, Literal, NamedTuple, get_args

from tyro.conf import Positional, arg

from ganvas.cli.arguments import LIST, parse
from ganvas.cli.main import VERBS
from ganvas.recipes import RECIPES

Shell = Literal["bash", "zsh", "fish"]
_FORMS: dict[str, tuple[list[str], ...]] = {
    "doctor": ([], ["--data"], ["--again"]),
    "data": (["trace"],),
    "train": tuple([name] for name in RECIPES),
}
"""Command lines that ask a verb for other options than its name alone."""
_OF_RESUME = {"--resume": ("PATH", ""), "--allow": ("TEXT", "")}


class Completed(NamedTuple):
    """What may follow a verb."""

    summary: str
    words: tuple[str, ...]
    """What may stand where it takes an argument without a name, beside files."""
    options: dict[str, tuple[str, str]]
    """What stands for the value of each option ("" of a switch), and the values there are, where they are few."""
    special: dict[str, tuple[str, ...]]
    """Of `train`: the options that some recipes have alone, by recipe."""


def run(arguments: list[str]) -> None:
    """Print the script."""
    parse(completion, "completion", arguments)


def completion(
    shell: Annotated[Positional[Shell], arg(metavar=f"{{{','.join(get_args(Shell))}}}", help="whose script to print")],
    /,
) -> None:
    """Print a script that makes a shell complete verbs, options, names of recipes and values.

    Keep it where the shell looks for such scripts, or read it at once: `source <(ganvas completion bash)`. It holds the
    words of this version, so that completing itself starts no program: make it anew after an update.
    """
    from ganvas.cli.shells import SHELLS

    print(SHELLS[shell](dict(_completed())))


def _completed() -> Iterator[tuple[str, Completed]]:
    """Yield each verb with what may follow it."""
    names = _names()
    for verb, entry in VERBS.items():
        forms = [_listed(verb, form) for form in _FORMS.get(verb, ([],))]
        together = {name: value for form in forms for name, value in form.items()} | {"--help": ("", "")}
        if verb != "train":
            yield verb, Completed(entry.summary, names.get(verb, ()), together, {})
            continue
        shared = set.intersection(*map(set, forms))
        special = {
            recipe: tuple(name for name in form if name not in shared)
            for recipe, form in zip(RECIPES, forms, strict=True)
        }
        yield verb, Completed(entry.summary, names[verb], together | _OF_RESUME, special)


def _listed(verb: str, form: list[str]) -> dict[str, tuple[str, str]]:
    """Return the options that a verb prints when asked for its list."""
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        VERBS[verb].load()([*form, LIST])
    rows = [line.split("\t") for line in printed.getvalue().splitlines()]
    return {name: (value, choices) for name, value, choices in rows if name.startswith("--")}


def _names() -> dict[str, tuple[str, ...]]:
    """Return the names that verbs take, from the tables that know them."""
    from ganvas.data.sources import SOURCES
    from ganvas.layers import LAYERS
    from ganvas.layers.texts import PAGES
    from ganvas.metrics.weights import WEIGHTS

    recipes, sources = tuple(RECIPES), tuple(SOURCES)
    return {
        **dict.fromkeys(("train", "compare", "recipes", "network"), recipes),
        **dict.fromkeys(("prepare", "doctor"), sources),
        "layers": (*LAYERS, *PAGES),
        "weights": tuple(WEIGHTS),
        "collect": ("openverse", "commons"),
        "data": ("trace",),
        "completion": get_args(Shell),
    }
