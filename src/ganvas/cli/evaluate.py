"""`ganvas evaluate RUN_OR_MODEL [...] --data DIR`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.progress import Silent

if TYPE_CHECKING:
    from rich.table import Table

    from ganvas.metrics.protocol import Score
    from ganvas.workflows.ranking import Ranking
    from ganvas.workflows.score_table import Column

_BORDERS = 3
"""Characters between two columns of a table."""


def run(arguments: list[str]) -> None:
    """Print the scores of models."""
    parse(evaluate, "evaluate", arguments)


def evaluate(
    models: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN_OR_MODEL ...", help="run or model folders")] = (),
    /,
    data: Annotated[Path | None, arg(help="dataset folder that they learnt from")] = None,
    features: Annotated[tuple[str, ...], arg(help="feature networks, such as classifier pixels8 inception")] = (),
    metrics: Annotated[tuple[str, ...], arg(help="metrics, or all: the costly ones too")] = (),
    seed: Annotated[int, arg(help="seed of the generated images")] = 0,
    seeds: Annotated[int, arg(help="seeds to measure; above 1 values are means, with intervals over seeds")] = 1,
    out: Annotated[Path | None, arg(help="folder for reports, tables and pictures")] = None,
    compare: Annotated[tuple[Path, ...], arg(help="earlier results, printed with --json or kept with --out")] = (),
    checkpoints: Annotated[bool, arg(help="measure other checkpoints for the report, cheap or not")] = False,
    csv: Annotated[Path | None, arg(help="file for a table of all scores")] = None,
    json_out: Annotated[bool, arg(name="json", help="print JSON instead of a table")] = False,
) -> None:
    """Score images of runs or models against a dataset; several are ranked in one table.

    Every score carries its protocol (feature network, metric, number of images) and stands between its floor, the
    score of held-out real images (real), and its ceiling, that of noise. Scores of other protocols are never put in one
    table; the table of one model has rounded values, --json and --csv all digits.

    With --out each model gets a report, one HTML file: is it good, diverse, does it draw what was asked for, did it
    copy pictures, is it better than before, and with what may its numbers be compared.
    """
    from ganvas.storage import replace_file
    from ganvas.workflows.launch import is_first
    from ganvas.workflows.ranking import rank

    ranking = rank(
        models,
        data,
        seed,
        Silent() if json_out else progress(),
        features or None,
        metrics or None,
        seeds,
        earlier=compare,
        out=out,
        checkpoints=checkpoints or None,
    )
    if not is_first():
        return
    if csv is not None:
        replace_file(csv, ranking.csv().encode())
    alone = len(ranking.models) == 1
    if json_out:
        print(json.dumps([score.plain() for score in ranking.scores] if alone else ranking.plain(), indent=2))
    elif alone and models and data:
        _print_alone(ranking, models[0], data, out)
    elif alone:
        print_scores(ranking.scores)
    else:
        print_ranking(ranking)
        _print_files(ranking, out)


def _print_alone(ranking: "Ranking", model: Path, data: Path, out: Path | None) -> None:
    from ganvas.cli.evaluated import answer_lines, next_lines
    from ganvas.workflows.report import answered

    answers = ranking.reports[0].answers if ranking.reports else answered(ranking.scores)
    print("\n".join([*answer_lines(answers), ""]))
    print_scores(ranking.scores)
    print()
    _print_files(ranking, out)
    report = out / ranking.reports[0].file if out and ranking.reports else None
    print("\n".join(next_lines(model, ranking.models[0], answers, data, report)))


def _print_files(ranking: "Ranking", out: Path | None) -> None:
    if out is not None:
        for report in ranking.reports:
            print(f"Report: {out / report.file}")
        print(f"Tables and pictures: {out}")


def print_scores(scores: "list[Score]") -> None:
    """Print scores as a table for each feature network, and what its features can tell."""
    from ganvas.workflows.score_table import lines_of

    print("\n".join(lines_of(scores)))


def print_ranking(ranking: "Ranking") -> None:
    """Print a table with a row for each model and a column for each protocol, the best values bold."""
    from rich.console import Console

    from ganvas.workflows.score_table import blocks

    console = Console()
    for block in blocks(ranking.columns(), console.width - 2, _BORDERS):
        console.print(_table(block))
    console.print("bold: the best, and those whose 95 % intervals meet its", style="dim", highlight=False)
    for line in ranking.legend:
        console.print(line, style="dim", highlight=False)
    for caution in dict.fromkeys(score.caution for score in ranking.scores):
        console.print(caution, style="dim", highlight=False)


def _table(block: "list[Column]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in block:
        table.add_column(Text(column.head), justify="right" if column.is_number else "left", no_wrap=True)
    num_rows = len(block[0].cells)
    for row in range(num_rows):
        cells = [Text(column.cells[row], style="bold" if row in column.best else "") for column in block]
        is_real_or_noise = row >= num_rows - 2
        table.add_row(*cells, style="dim" if is_real_or_noise else "", end_section=row == num_rows - 3)
    return table
