"""`ganvas train RECIPE --data DIR --out RUN [--any.field value]` and `ganvas train --resume RUN`."""

from dataclasses import field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import arg

from ganvas.cli.arguments import parse
from ganvas.cli.invocation import program
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError, unknown_name
from ganvas.recipes import RECIPES
from ganvas.recipes.file import is_recipe_file

if TYPE_CHECKING:
    from ganvas.recipes.recipe import Recipe
    from ganvas.workflows.run_folder import RunFolder

_MINUTES = "end early after so many minutes of rounds in all, time before a resume included"
LENGTH: list[Any] = [
    ("steps", Annotated[int | None, arg(help="rounds of the game in all")], field(default=None)),
    ("epochs", Annotated[float | None, arg(help="passes over the images, instead of steps")], field(default=None)),
    ("minutes", Annotated[float | None, arg(help=_MINUTES)], field(default=None)),
]
BEGIN: list[Any] = [
    ("data", Annotated[Path, arg(help="dataset folder, or folder or address of shards: s3://bucket/photos")], field()),
    ("out", Annotated[Path, arg(help="run folder to make")], field()),
    *LENGTH,
    (
        "plan",
        Annotated[bool, arg(help="play a few rounds, say what all would cost, write nothing")],
        field(default=False),
    ),
]
PLAN: list[Any] = [
    ("out", Annotated[Path | None, arg(help="not made by a plan")], field(default=None)),
    *(setting for setting in BEGIN if setting[0] != "out"),
]
RESUME: list[Any] = [
    ("resume", Annotated[Path, arg(help="run folder to go on with")], field()),
    ("data", Annotated[Path | None, arg(help="dataset folder, if it was moved")], field(default=None)),
    ("allow", Annotated[tuple[str, ...], arg(help="settings that may differ from the run's")], field(default=())),
    *LENGTH,
]


_USAGE = (
    "usage: ganvas train RECIPE|FILE.toml --data DIR --out RUN [OPTIONS]",
    "       ganvas train RECIPE|FILE.toml --data DIR --plan",
    "       ganvas train --resume RUN [--steps N] [--allow FIELD ...] [OPTIONS]",
)
_ABOUT = """Train a GAN on a dataset folder made by `ganvas prepare`.

Ctrl-C saves and stops; --resume goes on exactly where it was. --plan trains nothing: it says what time and memory the
recipe would take here; `ganvas doctor --data DIR` compares all recipes. FILE.toml (or .yaml) is a network of your own,
a layer a line: `ganvas network FILE.toml` shows it.

Every setting is an option: `ganvas train RECIPE --help` describes each, with its unit, bounds and default."""


def run(arguments: list[str]) -> int:
    """Begin a run or go on with one; return 0, or 128 + n when signal n stopped it."""
    resumed = _resumed(arguments)
    if resumed is None and (not arguments or arguments[0].startswith("-")):
        if {"-h", "--help"} & set(arguments) or not arguments:
            print(_help())
            return 0
        raise UsageError(f"Name a recipe first: {program()} train RECIPE ... There are: {', '.join(RECIPES)}.")
    if resumed is None and arguments[0] not in RECIPES and not is_recipe_file(arguments[0]):
        raise unknown_name("recipe", arguments[0], RECIPES)
    if resumed is None and "--plan" in arguments:
        _plan(arguments[0], arguments[1:])
        return 0
    finished = _begin(arguments[0], arguments[1:]) if resumed is None else _go_on(resumed, arguments)
    signal = finished.stopped_by
    if signal is None and finished.written_here:
        print(f"{'Trained. Samples' if finished.is_whole else 'Samples so far'}: {finished.folder / 'samples'}")
        print(f"Next: {program()} evaluate {finished.folder} --data {finished.config.data}")
        print(f"      {program()} generate {finished.folder} {_drawing(finished)} --out pictures")
    return 0 if signal is None else 128 + signal


def _drawing(finished: "RunFolder") -> str:
    """Return how to have pictures drawn: a translator needs some to begin with."""
    from ganvas.models.family import offers_of
    from ganvas.training.penalties import DOMAINS, PAIRS

    offers = offers_of(finished.config.recipe.model)
    if offers & DOMAINS:
        return f"--sources FOLDER --label {finished.config.classes[0]}"
    return "--sources FOLDER" if offers & PAIRS else "--num 64"


def _begin(name: str, arguments: list[str]) -> "RunFolder":
    from ganvas.recipes.own import naming_lines, recipe_of

    recipe = recipe_of(name)
    summary = f"Train recipe {name}: {RECIPES[name].summary if name in RECIPES else 'a network of your own'}."
    given = parse(_arguments_of(recipe, BEGIN), f"train {name}", arguments, summary)
    from ganvas.workflows.train import train

    chosen = recipe.model_copy(update={"model": given.model, "training": given.training})
    with naming_lines(name):
        return train(chosen, given.data, given.out, given.steps, given.epochs, progress(), given.minutes)


def _plan(name: str, arguments: list[str]) -> None:
    from ganvas.recipes.own import naming_lines, recipe_of

    recipe = recipe_of(name)
    given = parse(_arguments_of(recipe, PLAN), f"train {name}", arguments, f"Plan recipe {name}; nothing is written.")
    from ganvas.workflows.plan import plan

    chosen = recipe.model_copy(update={"model": given.model, "training": given.training})
    with naming_lines(name):
        print(plan(chosen, given.data, given.steps, given.epochs, given.minutes).text())


def _go_on(folder: Path, arguments: list[str]) -> "RunFolder":
    from ganvas.config import differences
    from ganvas.workflows.run_folder import RunFolder
    from ganvas.workflows.train import resume

    found = RunFolder.open(folder)
    old = found.config.recipe
    given = parse(
        _arguments_of(old, RESUME), "train", arguments, "Go on with a run exactly as if it had never stopped."
    )
    new = old.model_copy(update={"model": given.model, "training": given.training})
    changed = {name: value for name, (_, value) in differences(old, new).items()}
    return resume(found, given.steps, given.epochs, progress(), given.allow, given.data, given.minutes, **changed)


def _arguments_of(recipe: "Recipe", first: list[Any]) -> type:
    """Return the type of a command line: `first`, then every field of the recipe with its value as default."""
    model: Any = ("model", type(recipe.model), field(default=recipe.model))
    training: Any = ("training", type(recipe.training), field(default=recipe.training))
    return make_dataclass("TrainArguments", [*first, model, training], kw_only=True)


def _resumed(arguments: list[str]) -> Path | None:
    """Return the run after `--resume`, found before parsing because the run's own settings are the defaults."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--resume="):
            return Path(argument.removeprefix("--resume="))
        if argument == "--resume":
            if arguments[index + 1 : index + 2] in ([], ["-h"], ["--help"]):
                raise UsageError("Name the run folder to go on with: ganvas train --resume RUN.")
            return Path(arguments[index + 1])
    return None


def _help() -> str:
    from ganvas.cli.columns import described
    from ganvas.cli.manual import closing, heading, prose

    rows = [(name, entry.summary) for name, entry in RECIPES.items()]
    return "\n".join([*_USAGE, "", *prose(_ABOUT), "", heading("recipes"), *described(rows), *closing("train")])
