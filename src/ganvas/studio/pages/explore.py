"""Explore: draw, change, walk, keep favourites; pictures follow the sliders, and only the newest wish is drawn."""

import time
from pathlib import Path
from typing import Any

from nicegui import background_tasks, html, run, ui

from ganvas.errors import GanvasError
from ganvas.studio import layout, parts
from ganvas.studio.desk import EACH, Desk, Noted, add_style, folded
from ganvas.studio.drawing import Abilities, Newest, Wanted
from ganvas.studio.job import Job
from ganvas.studio.keeping import Favourites
from ganvas.studio.projecting import Projections
from ganvas.studio.stage import Large, Stage
from ganvas.studio.trained import chosen, labels, none_yet, trained
from ganvas.studio.workspace import Workspace

_LEAD = "Draw by seed and class, follow directions, keep what you like, walk from favourite to favourite."


def page(workspace: Workspace) -> None:
    """Build the page."""
    with layout.frame(workspace, "explore", "Explore", _LEAD):
        add_style()
        items = trained(workspace)
        if not items:
            none_yet("As soon as a run has saved a checkpoint, its pictures can be drawn here, even while it trains.")
            return
        model = chosen(workspace, items)
        ui.select(labels(items), label="Run or model", value=model).on_value_change(
            lambda event: _go_to(workspace, event.value)
        )
        exploring = _Exploring(workspace, model)
        ui.timer(0, exploring.begin, once=True)


def _go_to(workspace: Workspace, model: str) -> None:
    workspace.note("trained", model=model)
    ui.navigate.to(f"/explore?model={model}")


class _Exploring:
    """One model, explored by one browser."""

    def __init__(self, workspace: Workspace, model: str) -> None:
        self.workspace, self.model = workspace, model
        self.folder = workspace.folder / model
        self.noted = Noted.of(workspace.notes("explore").get(model, {}))
        self.newest: Newest[Wanted] = Newest(self._draw)
        self.ready = False
        with html.div().classes("stack") as self.place:
            parts.words("Reading the model ...", "quiet")

    async def begin(self) -> None:
        """Read the model, and show what it can do."""
        drawing = self.workspace.drawing
        try:
            abilities = await drawing.ask(drawing.abilities, self.folder)
        except GanvasError as error:
            self.place.clear()
            with self.place:
                parts.words(str(error), "refused")
            return
        self.place.clear()
        with self.place:
            self._build(abilities)
        self.ready = True
        self.ask()
        await self.favourites.show()

    def _build(self, abilities: Abilities) -> None:
        self.desk = Desk(self.folder, abilities, self.noted, self.ask)
        self.large = Large(self.model, self._keep)
        self.favourites = Favourites(self.workspace, self.model, self.large)
        with html.div().classes("explore"):
            with html.section().classes("card desk").props('aria-label="What to draw"'):
                self.desk.build()
                with folded("Directions", bool(abilities.directions)):
                    self._directions(abilities)
                with folded("From a picture of yours", bool(self.noted.latents)):
                    self.projections = Projections(self.workspace, self.model, self._use)
                    self.projections.build(self.noted.latents)
                parts.button("Reset the sliders", self.desk.reset).classes("small")
            with html.section().classes("stack shown").props('aria-label="Pictures"'):
                self.stage = Stage(self.large.show, self._keep)
                self.small = html.div()
            with html.div().classes("kept"):
                self.favourites.build()

    def _directions(self, abilities: Abilities) -> None:
        if abilities.problem:
            parts.words(abilities.problem, "refused")
        self.desk.build_directions(self._rename)
        if not abilities.directions:
            parts.words("Ways in which the pictures change, found without labels. It takes a minute or so.", "quiet")
        parts.button("Find again" if abilities.directions else "Find directions", self._find).classes("small")
        parts.command("explore", self._finding())
        self.finding = html.div()

    def _finding(self) -> list[str]:
        name = self.workspace.plain_name(f"{Path(self.model).name}-directions")
        return [self.model, "--num", "4", "--out", f"exports/{name}"]

    def _find(self) -> None:
        arguments = self._finding()
        try:
            job = self.workspace.jobs.start(
                "explore", arguments, f"Find directions of {self.model}", self.workspace.folder / arguments[-1]
            )
        except GanvasError as error:
            parts.complain(error)
            return
        with self.finding:
            parts.job_line(job, self._found)

    def _found(self, job: Job) -> None:
        if job.state == "done":
            background_tasks.create(self._anew())
            return
        with self.finding:
            parts.why(job)

    async def _anew(self) -> None:
        """Build the desk again, as it stands, for the model can do something new."""
        self.noted, self.ready = Noted.of(self.desk.note | {"latents": self.noted.latents}), False
        await self.begin()

    def _rename(self, name: str) -> None:
        async def done() -> None:
            from ganvas.workflows.explore import rename

            try:
                await self.workspace.drawing.ask(rename, self.folder, {name: (new.value or "").strip()})
            except GanvasError as error:
                parts.complain(error)
                return
            window.close()
            await self._anew()

        with ui.dialog() as window, ui.card():
            parts.heading(f"Name of {name}", 2)
            new = ui.input("What it changes, in one word", value=name).props("autofocus").on("keydown.enter", done)
            with html.div().classes("line"):
                parts.button("Rename", done, "primary")
                parts.button("Cancel", window.close)
            parts.command("explore", [self.model, "--rename", f"{name}=NAME"])
        window.open()

    def _use(self, latents: str) -> None:
        self.desk.latents = str(self.workspace.folder / latents) if latents else ""
        self.noted = self.noted.model_copy(update={"latents": latents})
        self.ask()

    async def _keep(self, drawn: Any) -> None:  # noqa: ANN401
        await self.favourites.keep(drawn)

    def ask(self, *_: object) -> None:
        """Have drawn what the desk asks for, as soon as what is being drawn is done."""
        if self.ready:
            self.newest.wish(self.desk.wanted)

    async def _draw(self, wanted: Wanted) -> None:
        began = time.monotonic()
        try:
            drawn = await self.workspace.drawing.ask(self.workspace.drawing.pictures, wanted)
        except GanvasError as error:
            self.stage.status.text = str(error)
            return
        if self.place.is_deleted:  # the browser went away
            return
        seconds = time.monotonic() - began
        num_classes = len(self.desk.abilities.classes)
        columns = num_classes if self.desk.kind == EACH and 1 < num_classes <= 12 else 0
        self.stage.show(drawn, columns, f"{len(drawn)} pictures in {seconds:.2f} s")
        note = self.desk.note | {"latents": self.noted.latents}
        await run.io_bound(lambda: self.workspace.note("explore", **{self.model: note}))
        self.small.clear()
        with self.small:
            latents = self.noted.latents
            parts.command("generate", wanted.arguments(self.model, "pictures", latents))
