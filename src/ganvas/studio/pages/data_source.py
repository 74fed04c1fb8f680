"""The page of one source, before it is a dataset: size and choices, a look, the decision."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from nicegui import html, ui

from ganvas.data.choices import Choices
from ganvas.data.sources.opening import check_source
from ganvas.errors import GanvasError, UsageError
from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.files import address
from ganvas.studio.form import Form
from ganvas.studio.job import Job
from ganvas.studio.settings import flags, group_of
from ganvas.studio.workspace import Workspace

_SIZES = ("16", "32", "64", "128", "256")
_CHANNELS = {"": "As the pictures are", "1": "Greyscale", "3": "Colour", "4": "Colour and alpha"}


def page(workspace: Workspace, source: str) -> None:
    """Build the page of a source: a folder or file of the workspace or of this machine, or a set by its name.

    Raises `UsageError` where there is no such source.
    """
    if source.startswith("-"):
        raise UsageError(f"`{source}` is no source: it would be read as a flag. For such a folder write ./{source}.")
    check_source(source, workspace.folder)
    lead = f"Ganvas makes a dataset of the pictures in {source}. It copies them: your files stay as they are."
    with layout.frame(workspace, "data", "Look, then decide", lead):
        _Preparation(workspace, source)


class _Preparation:
    """What was chosen for a source, the look at it, and the making of the dataset."""

    def __init__(self, workspace: Workspace, source: str) -> None:
        self.workspace, self.source = workspace, source
        self.key = workspace.plain_name(source)
        self.noted: dict[str, Any] = workspace.notes("data").get(self.key, {})
        wish = self.noted.get("name") or workspace.free_name("data", _stem(source))
        with parts.card("What every picture becomes"):
            self._basics(wish)
            self.form = Form(self.noted.get("choices"), self._changed)
            with ui.expansion("All choices", caption="cropping, edits, what is left out, which images are held out"):
                self.form.show(group_of(Choices()))
            with html.div().classes("buttons"):
                parts.button("Look first", self._look)
                parts.button("Make the dataset", self._make, "primary")
            self.command = html.div()
        self.outcome = html.div().classes("stack")
        self._show_command()
        self._follow()

    def _basics(self, wish: str) -> None:
        with html.div().classes("settings"):
            with html.div().classes("setting"):
                self.size = ui.input("size in pixels", value=self.noted.get("size", "32"), autocomplete=list(_SIZES))
                self.size.props('aria-label="size in pixels" debounce=300')
                html.p("Side of the square, or WIDTHxHEIGHT. Smaller learns much faster: 32 is a good start.").classes(
                    "about"
                )
            with html.div().classes("setting"):
                self.channels = ui.select(_CHANNELS, label="colours", value=self.noted.get("channels", ""))
                self.channels.props('aria-label="colours"')
                html.p("Greyscale learns faster than colour.").classes("about")
            with html.div().classes("setting"):
                self.name = ui.input("name of the dataset", value=wish).props(
                    'aria-label="name of the dataset" debounce=300'
                )
                html.p("A folder of the workspace will have it.").classes("about")
        for element in (self.size, self.channels, self.name):
            element.on_value_change(self._changed)

    def arguments(self) -> list[str]:
        """Return what `prepare` and `doctor` take alike."""
        given = {name.rpartition(".")[2]: value for name, value in self.form.check().items()}
        channels = ["--channels", self.channels.value] if self.channels.value else []
        return [self.source, "--size", str(self.size.value), *channels, *flags(given)]

    def report(self) -> Path:
        """Return where the report of a look lies."""
        return self.workspace.folder / "uploads" / f"{self.key}.look.html"

    def _changed(self, _: object = None) -> None:
        noted = {"size": self.size.value, "channels": self.channels.value, "name": self.name.value}
        self.workspace.note("data", **{self.key: noted | {"choices": self.form.given}})
        self._show_command()

    def _show_command(self) -> None:
        self.command.clear()
        with self.command:
            try:
                parts.command("prepare", [*self.arguments(), "--out", f"data/{self.name.value}"])
            except GanvasError as error:
                parts.words(str(error), "refused")

    async def _look(self) -> None:
        report = self.workspace.relative(self.report())
        await self._start("doctor", [*self.arguments(), "--report", report], f"Look at {_stem(self.source)}")

    async def _make(self) -> None:
        place = self.workspace.place("data", self.name.value or "")
        arguments = [*self.arguments(), "--out", self.workspace.relative(place)]
        await self._start("prepare", arguments, f"Make the dataset {place.name}", place)

    async def _start(self, verb: str, arguments: list[str], title: str, about: Path | None = None) -> None:
        await aside(self.workspace.jobs.start, verb, arguments, title, about)
        self._follow()

    def _follow(self) -> None:
        """Show the newest job of this source: that of the look, or that of the dataset."""
        mine = [job for job in self.workspace.jobs.list() if self.source in job.order.arguments[:1]]
        job = next((job for job in mine if job.order.verb in ("doctor", "prepare")), None)
        self.outcome.clear()
        if job is not None:
            with self.outcome, parts.card() as card:
                card.props["aria-label"] = job.title
                parts.job_line(job, self._ended)
                self.result = html.div().classes("stack")

    def _ended(self, job: Job) -> None:
        with self.result:
            if job.state != "done":
                parts.why(job)
            elif job.order.verb == "prepare" and job.about is not None:
                html.a("Open the dataset", href=f"/data?dataset={quote(job.about.name)}").classes("button primary")
            elif self.report().is_file():
                html.pre("\n".join(job.said())).classes("log")
                html.iframe(src=address(self.workspace, self.report()), title="What was found").classes("report")


def _stem(source: str) -> str:
    """Return the name of a source for people, and for what is made of it."""
    parts_of = [part for part in Path(source).parts if part not in ("/", "uploads")]
    return Path(parts_of[-1]).name.partition(".")[0] if parts_of else source
