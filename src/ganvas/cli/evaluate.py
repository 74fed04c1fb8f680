"""`ganvas evaluate RUN_OR_MODEL --data DIR`."""

import json
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.progress import Silent


def run(arguments: list[str]) -> None:
    """Print the scores of a model."""
    parse(evaluate, "evaluate", arguments)


def evaluate(
    model: Positional[Path],
    /,
    data: Annotated[Path, arg(help="dataset folder that it learnt from")],
    seed: Annotated[int, arg(help="seed of the generated images")] = 0,
    json_out: Annotated[bool, arg(name="json", help="print JSON instead of a table")] = False,
) -> None:
    """Score a run's or model's images against a dataset.

    Every score carries its protocol (feature network, metric, number of images) and stands between its floor, the
    score of held-out real images, and its ceiling, that of noise.
    """
    from ganvas.workflows.evaluate import evaluate as work

    scores = work(model, data, seed, Silent() if json_out else progress())
    if json_out:
        print(json.dumps([score.plain() for score in scores], indent=2))
    else:
        print_scores(scores)


def print_scores(scores: list) -> None:
    """Print scores as a table, and what their features can tell."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Scores", title_justify="left")
    table.add_column("protocol", no_wrap=True)
    table.add_column("better")
    for column in ("model", "real", "noise"):
        table.add_column(column, justify="right")
    for score in scores:
        percent = not score.lower_is_better
        values = (f"{value:.2%}" if percent else f"{value:.4g}" for value in (score.value, score.floor, score.ceiling))
        table.add_row(score.protocol, "lower" if score.lower_is_better else "higher", *values)
    console = Console()
    console.print(table)
    console.print(scores[0].caution, style="dim", highlight=False)
