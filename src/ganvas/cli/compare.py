"""`ganvas compare RECIPE [RECIPE ...] --data DIR|--benchmark NAME --out DIR --minutes 5`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.workflows.benchmarks import BENCHMARKS


def run(arguments: list[str]) -> int:
    """Compare recipes; return 0, 1 where none could be scored, or 128 + n when signal n stopped it."""
    return parse(compare, "compare", arguments)


def compare(
    recipes: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="RECIPE ...",
            help="recipes or files of your own; `acgan:training.seed=1,model.width=8` changes some",
        ),
    ],
    /,
    out: Annotated[Path, arg(help="folder for runs and tables; the same again goes on")],
    data: Annotated[Path | None, arg(help="dataset folder; a benchmark makes its own")] = None,
    benchmark: Annotated[str | None, arg(help=f"compare on known images: {', '.join(BENCHMARKS)}")] = None,
    minutes: Annotated[float | None, arg(help="training time of each recipe; 5 unless --steps is given")] = None,
    steps: Annotated[int | None, arg(help="rounds of each recipe, instead of minutes")] = None,
    threads: Annotated[int | None, arg(help="CPU threads; as torch chooses unless given")] = None,
    data_dir: Annotated[Path | None, arg(help="where public sets lie already; else $GANVAS_DATA")] = None,
    set: Annotated[tuple[str, ...], arg(help="settings for all recipes: training.seed=1 ...")] = (),
) -> int:
    """Train several recipes for the same time, and score all under the same protocols.

    Only the rounds of the game count as training time, not checkpoints and scores. Without --minutes and --steps each
    gets 5 minutes. The table is printed, and kept in the folder as text, Markdown and JSON beside a grid of pictures
    and the course of the scores. A benchmark brings its own images and judge, and shows published results beside.
    """
    from ganvas.recipes.own import settings_of
    from ganvas.workflows.compare import compare as work

    if minutes is None and steps is None:
        minutes = 5.0
    compared = work(recipes, data, out, minutes, steps, threads, progress(), benchmark, data_dir, **settings_of(set))
    print(compared.comparison.text())
    print(f"Tables, pictures and runs: {compared.folder}")
    if compared.stopped_by is not None:
        print("Stopped; the same command goes on.")
        return 128 + compared.stopped_by
    return 0 if any(contestant.scores for contestant in compared.comparison.contestants) else 1
