"""The page of one run: what it draws, how the game stands, its losses; pause, stop, go on."""

from typing import Any

from markupsafe import Markup
from nicegui import html, ui

from ganvas.errors import GanvasError
from ganvas.exporting.report.charts import lines
from ganvas.exporting.report.contents import Curve
from ganvas.progress import in_time
from ganvas.storage import read_json
from ganvas.studio import gauge, layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.film import Film
from ganvas.studio.job import Job
from ganvas.studio.run_controls import Controls
from ganvas.studio.run_log import RunLog
from ganvas.studio.run_settings import flat_values
from ganvas.studio.workspace import RunItem, Workspace
from ganvas.training.monitor import MonitorConfig
from ganvas.training.standing import first_telling_step, standing

_EVERY = 1.5  # seconds
_FEW_ROWS = 5
_PLAYERS = "D, the discriminator, tells real pictures from drawn ones; G, the generator, draws them."


def page(workspace: Workspace, name: str) -> None:
    """Build the page of a run, which may not have written anything yet."""
    path = workspace.folder / "runs" / name
    known = {item.name for item in workspace.runs()}
    jobs = workspace.jobs.about(path)
    if name not in known and not jobs:
        workspace.run(name)  # which says that there is none
    with layout.frame(workspace, "train", name):
        _RunPage(workspace, name)


def state_of(item: RunItem, job: Job | None) -> str:
    """Return how a run stands, in a word."""
    if job is not None and job.state == "running":
        return "paused" if job.is_halted else "running"
    if item.step >= item.steps > 0:
        return "done"
    return "stopped" if job is None or job.was_stopped or job.state == "done" else job.state


def figures(curves: list[Curve]) -> Markup:
    """Return curves as figures, each with its legend."""
    drawn = []
    for curve in curves:
        names = [name for name in curve.lines if name]
        key = Markup("").join(
            Markup("<span><i class='line{}'></i>{}</span> ").format(index, name) for index, name in enumerate(names)
        )
        last = ", ".join(f"{name} {values[-1]:.3g}".strip() for name, (_, values) in curve.lines.items() if len(values))
        drawn.append(
            Markup("<figure><h3>{}</h3><p class='legend'>{}</p>{}<figcaption>{}; now {}</figcaption></figure>").format(
                curve.title, key, lines(curve), curve.caption, last
            )
        )
    return Markup("").join(drawn)


class _RunPage:
    """One run, followed."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        self.path = workspace.folder / "runs" / name
        self.log = RunLog(self.path)
        self.controls = Controls(workspace, self.path)
        with html.div().classes("columns side"):
            self.drawn = html.div().classes("stack")
            with self.drawn, html.section().classes("card").props('aria-label="What it draws"'):
                self.film = Film(workspace, self.path)
            with html.div().classes("stack"):
                with parts.card("How the game stands"):
                    self.gauge = ui.html("", sanitize=False)
                    parts.words(_PLAYERS, "fact")
                    self.advice = ui.html("", sanitize=False).props("role=status")
                with parts.card("So far") as self.so_far:
                    self.facts = ui.html("", sanitize=False)
        self.charts = ui.html("", sanitize=False).classes("curves")
        with html.div().classes("buttons"):
            html.a("Measure how good it is", href=f"/evaluate?run={name}").classes("button")
            html.a("Draw with it", href=f"/explore?run={name}").classes("button")
            html.a("Give it to others", href=f"/export?run={name}").classes("button")
        with ui.expansion("Settings", caption="with which the run was begun").classes("full-width"):
            self.settings = ui.label().classes("log")
        self.known = self.is_laid = False
        ui.timer(_EVERY, self._look)

    async def _look(self) -> None:
        await self.controls.look()
        await self.film.look()
        if not self.is_laid and self.film.rows is not None:
            self.is_laid = True
            if 0 < len(self.film.rows) <= _FEW_ROWS:
                self.so_far.move(self.drawn)  # few rows are low: there is room below them
        found = await aside(self._read)
        if found is None:
            return
        self.charts.content, self.gauge.content, self.advice.content, self.facts.content = found["parts"]
        if found["settings"] and not self.known:
            self.known, self.settings.text = True, found["settings"]

    def _read(self) -> dict[str, Any] | None:
        """Return the page's parts as HTML, None where nothing is new; off the event loop."""
        if not self.log.read() and self.known:
            return None
        config = self._config()
        settings = config.get("recipe", {}).get("training", {})
        monitor = MonitorConfig.read(settings.get("monitor", {}), "The run's `monitor`")
        step, equilibrium = self.log.last.get("step", 0), self.log.last.get("equilibrium")
        judged = standing(step, equilibrium, self.log.recent("diversity"), monitor)
        shown = equilibrium if step >= first_telling_step(monitor) else None
        advice = Markup("<div class='advice {}'><b>{}</b><p>{}</p></div>").format(*judged)
        return {
            "parts": (
                figures(self.log.curves()),
                gauge.drawing(shown, judged.title),
                advice,
                self._facts(config, settings),
            ),
            "settings": "\n".join(f"{name} = {value}" for name, value in flat_values(config.get("recipe", {})).items()),
        }

    def _config(self) -> dict[str, Any]:
        try:
            return read_json(self.path / "config.json")
        except GanvasError:
            return {}

    def _facts(self, config: dict[str, Any], settings: dict[str, Any]) -> Markup:
        if not settings:
            return Markup("<p class='quiet'>The run has only just begun: figures come with its first steps.</p>")
        rate = self.log.recent("images_per_second", 10)
        shown = {"step": f"{self.log.last.get('step', 0):,} of {settings['steps']:,}"}
        if rate:
            shown |= {"images a second": f"{rate:,.0f}", "left, about": _left(self.log, settings, rate)}
        shown["recipe"] = config["recipe"]["recipe"]
        for name in self.log.scores():
            shown[name.removeprefix("score/")] = f"{self.log.series[name].last:.4g}"
        items = Markup("").join(
            Markup("<li><b>{}</b><span class='quiet'>{}</span></li>").format(value, name)
            for name, value in shown.items()
        )
        return Markup("<ul class='tiles'>{}</ul>").format(items)


def _left(log: RunLog, settings: dict[str, Any], rate: float) -> str:
    steps = max(0, settings["steps"] - log.last.get("step", 0))
    seconds = steps * settings["batch_size"] * settings["discriminator_steps"] / rate
    return in_time(seconds) if steps else "nothing"
