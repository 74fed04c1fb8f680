"""Several runs side by side: their courses in the same charts, their settings where they differ."""

from typing import Any

from nicegui import html, ui

from ganvas.exporting.report.contents import Curve
from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.files import address
from ganvas.studio.pages.train_run import figures
from ganvas.studio.previews import grids_of
from ganvas.studio.run_log import RunLog
from ganvas.studio.run_settings import differing
from ganvas.studio.workspace import RunItem, Workspace

_MOST = 6
_EVERY = 4.0
_SHARED = {
    "equilibrium": ("Equilibrium", "1: the discriminator cannot tell real from generated; 0: it can", (0.0, 1.0)),
    "diversity": ("Diversity", "of generated images, as a part of that of real ones", None),
    "g/loss": ("Loss of the generator", "of different recipes not comparable", None),
    "d/loss": ("Loss of the discriminator", "of different recipes not comparable", None),
}


def page(workspace: Workspace, names: list[str]) -> None:
    """Build the comparison of runs by their names."""
    items = [workspace.run(name) for name in names[:_MOST]]
    logs = {item.name: RunLog(item.path) for item in items}
    with layout.frame(workspace, "train", "Compare", ", ".join(logs)):
        with html.div().classes("cards"):
            for item in items:
                with parts.card(item.name):
                    grids = grids_of(item.path)
                    if grids:
                        newest = address(workspace, grids[-1])
                        html.img(src=newest, alt=f"Newest samples of {item.name}").classes("sheet")
                    html.a("Open", href=f"/train?run={item.name}").classes("button small").props["aria-label"] = (
                        f"Open {item.name}"
                    )
        charts = ui.html("", sanitize=False).classes("curves")
        parts.heading("Figures")
        figures_box = html.div().classes("scroll")
        parts.heading("Settings that differ")
        different = differing([item.path for item in items])
        _table(["setting", *logs], [[name, *values] for name, values in different.items()])

    async def look() -> None:
        charts.content = await aside(lambda: figures(_curves(logs)))
        figures_box.clear()
        with figures_box:
            _figures(items, logs)

    ui.timer(_EVERY, look)


def _curves(logs: dict[str, RunLog]) -> list[Curve]:
    for log in logs.values():
        log.read()
    scores = dict.fromkeys(name for log in logs.values() for name in log.scores())
    shared = {name: (name.removeprefix("score/"), "lower is better", None) for name in scores} | _SHARED
    curves = []
    for name, (title, caption, bounds) in shared.items():
        lines = {run_name: log.series[name].line() for run_name, log in logs.items() if name in log.series}
        if lines:
            curves.append(Curve(title, caption, lines, bounds))
    return curves


def _figures(items: list[RunItem], logs: dict[str, RunLog]) -> None:
    scores = list(dict.fromkeys(name for log in logs.values() for name in log.scores()))
    heads = ["run", "recipe", "steps", *(name.removeprefix("score/") for name in scores), "equilibrium", "images/s"]
    rows = []
    for item in items:
        log = logs[item.name]
        values = [log.series[name].last if name in log.series else None for name in scores]
        values += [log.last.get("equilibrium"), log.recent("images_per_second", 10)]
        shown = ["-" if value is None else f"{value:.4g}" for value in values]
        rows.append([item.name, item.recipe, f"{log.last.get('step', 0):,}", *shown])
    _table(heads, rows)


def _table(heads: list[str], rows: list[list[Any]]) -> None:
    if not rows:
        parts.words("None.", "quiet")
        return
    with html.div().classes("scroll"), html.table():
        with html.thead(), html.tr():
            for head in heads:
                html.th(head, scope="col")
        with html.tbody():
            for row in rows:
                with html.tr():
                    for value in row:
                        html.td(str(value))
