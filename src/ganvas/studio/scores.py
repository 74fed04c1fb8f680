"""Scores as tables of the page: each value between noise and real images, with the words that say what it can tell."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nicegui import html, ui

from ganvas.studio import parts
from ganvas.studio.workspace import Workspace

if TYPE_CHECKING:
    from ganvas.metrics.protocol import Score
    from ganvas.workflows.ranking import Ranking

REPORTS = "reports"
RESULTS = "scores.json"


class Results(NamedTuple):
    """Scores that are kept: of a report, or beside a run or model."""

    key: str
    """The path of their file within the workspace."""
    path: Path
    title: str


class Row(NamedTuple):
    """A score as a table shows it, `place` in per cent of the way from noise to a little beyond real images."""

    score: "Score"
    tells: str
    better: str
    value: str
    interval: str
    real: str
    noise: str
    place: float


class Group(NamedTuple):
    """The scores of one feature network, and what its features can tell."""

    name: str
    caution: str
    rows: list[Row]


def kept_results(workspace: Workspace) -> dict[str, Results]:
    """Return the results of reports, then those kept beside runs and models, by key; the newest of each first."""
    patterns = {
        f"{REPORTS}/*/{RESULTS}": "report",
        "runs/*/evaluation.json": "run",
        "models/*/evaluation.json": "model",
    }
    found: dict[str, Results] = {}
    for pattern, kind in patterns.items():
        files = sorted(workspace.folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files:
            key = workspace.relative(path)
            found[key] = Results(key, path, f"{kind} {path.parent.name}")
    return found


def ranking_of(paths: Sequence[Path]) -> "Ranking":
    """Return results side by side, as `ganvas evaluate --compare` does; not in the thread of the server.

    Raises `GanvasError` where they cannot be compared.
    """
    from ganvas.workflows.evaluations import read_results
    from ganvas.workflows.ranking import Ranking, rank

    if len(paths) == 1:
        return Ranking(models=tuple(read_results(paths[0])))
    return rank((), None, earlier=paths)


def groups_of(scores: "Sequence[Score]") -> list[Group]:
    """Return the scores of one model by feature network; not in the thread of the server."""
    from ganvas.exporting.report.scales import scale
    from ganvas.metrics import METRICS
    from ganvas.workflows.report import measure
    from ganvas.workflows.score_table import direction, figure, network_of

    groups: dict[str, Group] = {}
    for score in scores:
        name = network_of(score)
        group = groups.setdefault(name, Group(name, score.caution, []))
        ends = " to ".join(figure(score, end) for end in score.interval) if score.interval else ""
        tells = METRICS[score.metric].summary if score.metric in METRICS else ""
        shown = (figure(score, score.value), ends, figure(score, score.floor), figure(score, score.ceiling))
        group.rows.append(Row(score, tells, direction(score), *shown, scale(measure(score)).place))
    return list(groups.values())


def score_tables(groups: list[Group]) -> None:
    """Add a table for each feature network."""
    for group in groups:
        with parts.card(f"Seen through {group.name}"):
            parts.words(group.caution, "quiet")
            with html.div().classes("scroll"), html.table().classes("scores"):
                _head("metric", "model", "between noise and real images", "95 %", "real", "noise")
                with html.tbody():
                    for row in group.rows:
                        _row(row)


def ranking_table(ranking: "Ranking") -> None:
    """Add a table with a row for each model, and what its columns are."""
    columns = ranking.columns()
    with parts.card("Side by side"):
        with html.div().classes("scroll"), html.table().classes("scores"):
            _head(*(column.head for column in columns))
            with html.tbody():
                for row in range(len(columns[0].cells)):
                    with html.tr().classes("quiet" if row >= len(columns[0].cells) - 2 else ""):
                        html.th(columns[0].cells[row]).props("scope=row")
                        for column in columns[1:]:
                            best = "best" if row in column.best else ""
                            html.td(column.cells[row]).classes(f"number {best}")
        parts.words("Bold: the best, and those whose 95 % intervals meet its.", "quiet")
        with ui.expansion("What the columns are").classes("full"):
            for line in ranking.legend:
                parts.words(line, "quiet")
            for caution in dict.fromkeys(score.caution for score in ranking.scores):
                parts.words(caution, "quiet")


def _head(*names: str) -> None:
    with html.thead(), html.tr():
        for place, name in enumerate(names):
            html.th(name).props("scope=col").classes("number" if place and "between" not in name else "")


def _row(row: Row) -> None:
    with html.tr():
        with html.th().props("scope=row"):
            html.span(row.score.metric)
            html.span(f"{row.tells} {row.better.capitalize()}.".strip()).classes("tells")
        html.td(row.value).classes("number value")
        with html.td().classes("way-cell"), html.div().classes("way").props("role=img") as way:
            way.props["aria-label"] = f"{row.place:.0f} of 94 % of the way from noise to real images"
            html.span().style(f"width: {row.place:.1f}%")
        html.td(row.interval).classes("number quiet")
        html.td(row.real).classes("number quiet")
        html.td(row.noise).classes("number quiet")
