"""Evaluate: choose models and a dataset, read the scores between noise and real images, open the report, compare."""

from pathlib import Path
from typing import Any

from nicegui import html, ui

from ganvas.errors import GanvasError
from ganvas.studio import desk, files, layout, parts, scores
from ganvas.studio.trained import Trained, chosen, labels, none_yet, trained
from ganvas.studio.workspace import Workspace

_LEAD = "How good, how diverse, how honest: each score stands between noise and held-out real images."
_REPORT = "report.html"


def page(workspace: Workspace) -> None:
    """Build the page."""
    with layout.frame(workspace, "evaluate", "Evaluate", _LEAD):
        desk.add_style()
        items = trained(workspace)
        if not items:
            none_yet("Scores compare what a model draws with pictures it has never seen. Train one first.")
            return
        results = _Results(workspace, Path(chosen(workspace, items)).name)
        _Form(workspace, items, results).build()
        results.build()


class _Form:
    """What is measured: models, dataset, seeds, and what to compare with."""

    def __init__(self, workspace: Workspace, items: dict[str, Trained], results: "_Results") -> None:
        self.workspace, self.items, self.results = workspace, items, results

    def build(self) -> None:
        """Add the card, and the evaluations at work."""
        noted = self.workspace.notes("evaluate")
        datasets = [self.workspace.relative(item.path) for item in self.workspace.datasets() if item.dataset]
        model = chosen(self.workspace, self.items)
        earlier = scores.kept_results(self.workspace)
        with parts.card("What to measure", 2):
            with html.div().classes("fields halves"):
                self.models = ui.select(
                    labels(self.items), multiple=True, label="Runs and models", value=[model], on_change=self._changed
                ).props("use-chips")
                self.data = ui.select(datasets, label="Dataset", value=self._dataset(model, datasets))
                self.seeds = ui.number("Seeds", value=noted.get("seeds", 1), min=1, max=100, precision=0)
                self.compare = ui.select(
                    {key: found.title for key, found in earlier.items()},
                    multiple=True,
                    label="Earlier results to compare with",
                    value=[],
                ).props("use-chips")
            with html.div().classes("line"):
                self.costly = ui.switch("Costly metrics too", value=False)
                self.checkpoints = ui.switch("Other checkpoints of the run too", value=False)
            parts.words(
                "More seeds take longer and say how sure the values are: means, with 95 % intervals over seeds.",
                "quiet",
            )
            with html.div().classes("line between"):
                parts.button("Evaluate", self._start, "primary")
            self.small = html.div()
            self.running = html.div()
        for element in (self.models, self.data, self.seeds, self.compare, self.costly, self.checkpoints):
            element.on_value_change(self._show_command)
        self._show_command()
        for job in self.workspace.jobs.running():
            if job.order.verb == "evaluate":
                self._follow(job)

    def _dataset(self, model: str, datasets: list[str]) -> str | None:
        """Return the dataset that a model learnt from, or the first."""
        learnt = Path(self.items[model].data).name if self.items[model].data else ""
        return next((data for data in datasets if Path(data).name == learnt), next(iter(datasets), None))

    def _changed(self) -> None:
        if len(self.models.value) == 1:
            self.data.value = self._dataset(self.models.value[0], list(self.data.options))

    def _arguments(self, out: str) -> list[str]:
        arguments = [*self.models.value, "--data", self.data.value or "DATASET", "--out", out]
        seeds = int(self.seeds.value or 1)
        arguments += ["--seeds", str(seeds)] if seeds > 1 else []
        arguments += ["--metrics", "all"] if self.costly.value else []
        arguments += ["--checkpoints"] if self.checkpoints.value else []
        return arguments + (["--compare", *self.compare.value] if self.compare.value else [])

    def _out(self) -> str:
        wish = "-".join(Path(model).name for model in self.models.value[:3])
        return f"{scores.REPORTS}/{self.workspace.free_name(scores.REPORTS, wish)}"

    def _show_command(self) -> None:
        self.small.clear()
        with self.small:
            parts.command("evaluate", self._arguments(self._out()))

    def _start(self) -> None:
        if not self.models.value or not self.data.value:
            ui.notify("Choose at least one run or model, and the dataset that it learnt from.", type="warning")
            return
        self.workspace.note("evaluate", seeds=int(self.seeds.value or 1))
        out, names = self._out(), ", ".join(self.models.value)
        try:
            job = self.workspace.jobs.start(
                "evaluate", self._arguments(out), f"Evaluate {names}", self.workspace.folder / out
            )
        except GanvasError as error:
            parts.complain(error)
            return
        self._follow(job)

    def _follow(self, job: Any) -> None:  # noqa: ANN401
        def ended(_: object) -> None:
            if job.state != "done":
                with self.running:
                    parts.why(job)
            if job.about is not None and (job.about / scores.RESULTS).is_file():
                self.results.show_newest(self.workspace.relative(job.about / scores.RESULTS))

        with self.running:
            parts.job_line(job, ended)


class _Results:
    """Results that are kept: one in full with its report, several side by side."""

    def __init__(self, workspace: Workspace, model: str) -> None:
        self.workspace, self.model = workspace, model

    def build(self) -> None:
        """Add the choice of results, and what is chosen: what is known of the model, or the newest."""
        parts.heading("Results", 2)
        found = self._found()
        first = next((key for key in found if Path(key).parent.name == self.model), next(iter(found), None))
        self.choice = ui.select(
            found,
            multiple=True,
            label="Results to show; several are put side by side",
            value=[first] if first else [],
            on_change=self._show,
        ).props("use-chips")
        self.shown = html.div().classes("stack")
        ui.timer(0, self._show, once=True)

    def show_newest(self, key: str) -> None:
        """Show new results."""
        self.choice.set_options(self._found(), value=[key])

    def _found(self) -> dict[str, str]:
        return {key: found.title for key, found in scores.kept_results(self.workspace).items()}

    async def _show(self) -> None:
        keys = list(self.choice.value)
        if not keys:
            self.shown.clear()
            with self.shown:
                parts.words("Nothing has been measured yet, or nothing is chosen.", "quiet")
            return
        paths = [self.workspace.folder / key for key in keys]
        try:
            ranking = await self.workspace.drawing.ask(scores.ranking_of, paths)
            groups = await self.workspace.drawing.ask(scores.groups_of, ranking.models[0].scores)
        except GanvasError as error:
            self.shown.clear()
            with self.shown:
                parts.words(str(error), "refused")
            return
        self.shown.clear()
        with self.shown:
            if len(ranking.models) == 1:
                scores.score_tables(groups)
            else:
                scores.ranking_table(ranking)
            if len(keys) > 1:
                parts.command("evaluate", ["--compare", *keys])
            for path in paths:
                self._report(path.parent)

    def _report(self, folder: Path) -> None:
        """Add the reports that lie in a folder: the first to be read here, each to be opened by itself."""
        found = sorted([*folder.glob(_REPORT), *folder.glob(f"*/{_REPORT}")]) if folder.parent.name == "reports" else []
        if not found:
            return
        with parts.card(f"Report {folder.name}", 2):
            with html.div().classes("line"):
                for path in found:
                    name = folder.name if path.parent == folder else path.parent.name
                    link = html.a(f"Open {name}", href=files.address(self.workspace, path), target="_blank")
                    link.classes("button small")
                    html.a("Save", href=files.address(self.workspace, path, download=True)).classes(
                        "button small"
                    ).props["aria-label"] = f"Save the report {name}"
            frame = html.iframe(src=files.address(self.workspace, found[0]), loading="lazy").classes("report")
            frame.props["sandbox"] = "allow-popups"
            frame.props["title"] = f"Report {folder.name}"
