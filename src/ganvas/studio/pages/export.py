"""Export: what a trained model is handed on as; a card for each form, with what was made and where to get it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from nicegui import html, run, ui

from ganvas.errors import GanvasError
from ganvas.exporting.models import MODEL_EXPORTS
from ganvas.studio import desk, files, layout, parts
from ganvas.studio.archives import archive_of, made_in, size_of, written
from ganvas.studio.job import Job
from ganvas.studio.trained import chosen, labels, none_yet, trained
from ganvas.studio.workspace import Workspace

_LEAD = "Hand a model on: for programs, for a browser, for the hub, for a server."
_TITLES = {"model": "Model folder", "onnx": "ONNX file", "web": "Web page", "hub": "Hub repository"}
_MORE = {
    "model": "Weights that cannot run code, and all that is needed to load them.",
    "onnx": "Runs in onnxruntime, C++, JavaScript, Java: no Python needed.",
    "web": "Send it by mail, open it by a double click: it works without a server.",
    "hub": "Ready to be uploaded; nothing leaves this machine until you do that.",
    "container": "A Dockerfile, pinned requirements and the model: Docker or Podman do the rest.",
}


def page(workspace: Workspace) -> None:
    """Build the page."""
    with layout.frame(workspace, "export", "Export", _LEAD):
        desk.add_style()
        items = trained(workspace)
        if not items:
            none_yet("There is something to hand on as soon as a run has saved a checkpoint.")
            return
        _Forms(workspace, labels(items), chosen(workspace, items)).build()


class _Forms:
    """The model, its licence, and a card for each form."""

    def __init__(self, workspace: Workspace, choices: dict[str, str], model: str) -> None:
        self.workspace, self.choices, self.first = workspace, choices, model
        self.suffixes: dict[str, str] = {}
        self.lines: dict[str, Any] = {}

    def build(self) -> None:
        """Add everything."""
        with html.div().classes("fields"):
            self.model = ui.select(self.choices, label="Run or model", value=self.first, on_change=self._choose)
            self.licence = ui.input("Licence of the model, if it is given on", placeholder="apache-2.0")
            self.licence.props("autocomplete=off")
            self.title = ui.input("Title of the web page", placeholder="else the name of its file")
            self.title.props("autocomplete=off")
        self.cards = html.div().classes("cards wide")
        parts.heading("Everything made here", 2)
        self.made = html.div().classes("stack")
        for element in (self.licence, self.title):
            element.on("change", self._show_lines)
        ui.timer(0, self._begin, once=True)

    async def _begin(self) -> None:
        self.suffixes = await self.workspace.drawing.ask(_suffixes)
        self._show()
        self._show_made()

    def _choose(self) -> None:
        self.workspace.note("trained", model=self.model.value)
        self._show()

    def _out(self, form: str) -> str:
        name = self.workspace.plain_name(f"{Path(self.model.value).name}-{form}")
        return f"exports/{name}{self.suffixes.get(form, '')}"

    def _arguments(self, form: str) -> list[str]:
        named = (self.licence.value or "").strip()
        licence = ["--licence", named] if named else []
        called = (self.title.value or "").strip()
        title = [f"--title={called}"] if called and form == "web" else []
        return [self.model.value, "--to", form, "--out", self._out(form), *licence, *title]

    def _show(self) -> None:
        self.cards.clear()
        with self.cards:
            for form, entry in MODEL_EXPORTS.items():
                title = _TITLES.get(form, form.capitalize())
                with parts.card(title):
                    parts.words(f"{entry.summary[0].upper()}{entry.summary[1:]}.")
                    parts.words(_MORE.get(form, ""), "quiet")
                    place = html.div().classes("stack")
                    with html.div().classes("line"):
                        parts.button(
                            "Make it", lambda form=form, place=place: self._start(form, place), name=f"Make: {title}"
                        )
                    self.lines[form] = parts.command("export", self._arguments(form))
                    self._state(form, place)

    def _show_lines(self) -> None:
        """Tell the command lines anew; the cards stay, or a click that ends the typing would be lost."""
        for form, line in self.lines.items():
            line.text = parts.command_line("export", self._arguments(form))

    def _state(self, form: str, place: Any) -> None:  # noqa: ANN401
        """Show in a card the job that makes this form now, or what it made last."""
        path = self.workspace.folder / self._out(form)
        jobs = self.workspace.jobs.about(path)
        place.clear()
        with place:
            if jobs and jobs[0].state == "running":
                parts.job_line(jobs[0], lambda job: self._ended(form, place, job))
            elif path.exists():
                self._result(path)

    def _start(self, form: str, place: Any) -> None:  # noqa: ANN401
        out = self.workspace.folder / self._out(form)
        if any(job.state == "running" for job in self.workspace.jobs.about(out)[:1]):
            ui.notify("It is being made already.", type="info")
            return
        title = f"Export {self.model.value} to {_TITLES.get(form, form)}"
        try:
            job = self.workspace.jobs.start("export", self._arguments(form), title, out)
        except GanvasError as error:
            parts.complain(error)
            return
        place.clear()
        with place:
            parts.job_line(job, lambda job: self._ended(form, place, job))

    def _ended(self, form: str, place: Any, job: Job) -> None:  # noqa: ANN401
        if job.state != "done":
            with place:
                parts.why(job)
            return
        self._state(form, place)
        self._show_made()

    def _show_made(self) -> None:
        self.made.clear()
        with self.made:
            found = made_in(self.workspace.folder / "exports")
            if not found:
                parts.words("Nothing yet: exports, and films of Explore, are listed here.", "quiet")
            for path in found:
                with html.div().classes("made"):
                    self._result(path)

    def _result(self, path: Path) -> None:
        """Add a line: name, size, when, and a way to save it; a folder is saved as a ZIP file."""
        when = datetime.fromtimestamp(path.stat().st_mtime).strftime("%d %b %H:%M")
        with html.div().classes("line result"):
            html.strong(self.workspace.relative(path))
            html.span(f"{written(size_of(path))}, {when}").classes("quiet grow")
            if path.is_file():
                link = html.a("Save", href=files.address(self.workspace, path, download=True)).classes("button small")
                link.props["aria-label"] = f"Save {path.name}"
                link.props["download"] = path.name
            else:
                parts.button("Save as ZIP", lambda: self._save(path), name=f"Save {path.name} as ZIP").classes("small")

    async def _save(self, path: Path) -> None:
        try:
            file = await run.io_bound(archive_of, path, self.workspace.folder / "exports" / ".archives")
        except GanvasError as error:
            parts.complain(error)
            return
        if file is not None:  # None while the studio ends
            ui.download.file(file, f"{path.name}.zip")


def _suffixes() -> dict[str, str]:
    return {form: entry.load().suffix for form, entry in MODEL_EXPORTS.items()}
