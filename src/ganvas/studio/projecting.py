"""Projection in Explore: a dropped picture becomes the latents that come closest to it, and is drawn from there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import events, html, ui

from ganvas.errors import GanvasError
from ganvas.storage import on_disk, replace_file
from ganvas.studio import files, parts
from ganvas.studio.job import Job
from ganvas.studio.uploads import safe_path
from ganvas.studio.workspace import Workspace

_LARGEST = 64 << 20  # bytes of a picture
_CHANCE = "seeds"


class Projections:
    """The projections of one model, and a place to drop another picture; `use` is told which latents to draw from."""

    def __init__(self, workspace: Workspace, model: str, use: Callable[[str], None]) -> None:
        self.workspace, self.model, self.use = workspace, model, use
        self.stem = workspace.plain_name(f"{Path(model).name}-projection")

    def build(self, chosen: str) -> None:
        """Add the choice of what is drawn from, and the place to drop a picture."""
        found = self._found()
        self.choice = ui.select(
            found, label="Draw from", value=chosen if chosen in found else _CHANCE, on_change=self._chosen
        )
        self.picture = html.div()
        drop = ui.upload(
            label="Drop a picture to project", auto_upload=True, max_file_size=_LARGEST, on_upload=self._dropped
        )
        drop.props("flat bordered accept=image/*").classes("full drop-small")
        parts.words("Finds the latents that come closest to your picture; then change it by the sliders.", "quiet")
        parts.command("project", [self.model, "PICTURE", "--out", f"exports/{self.stem}"])
        self.jobs = html.div()
        self._chosen()

    def _found(self) -> dict[str, str]:
        """Return the projections there are: their latents' paths, and what they are called."""
        files_found = sorted((self.workspace.folder / "exports").glob(f"{self.stem}*/latents.json"))
        named = {self.workspace.relative(path): path.parent.name for path in files_found}
        return {_CHANCE: "Chance: seeds"} | named

    def _chosen(self, *_: object) -> None:
        self.picture.clear()
        self.use("" if self.choice.value == _CHANCE else str(self.choice.value))
        if self.choice.value != _CHANCE:
            sheet = (self.workspace.folder / self.choice.value).with_name("grid.png")
            with self.picture:
                if sheet.is_file():
                    shown = html.img(src=files.address(self.workspace, sheet)).classes("sheet small")
                    shown.props["alt"] = "Pictures above their projections"

    async def _dropped(self, event: events.UploadEventArguments) -> None:
        try:
            place = self.workspace.folder / "uploads" / "projected" / safe_path(event.file.name).name
            on_disk(lambda: place.parent.mkdir(parents=True, exist_ok=True), place)
            replace_file(place, await event.file.read())
            out = f"exports/{self.workspace.free_name('exports', self.stem)}"
            arguments: list[Any] = [self.model, self.workspace.relative(place), "--out", out]
            job = self.workspace.jobs.start("project", arguments, f"Project {place.name}", self.workspace.folder / out)
        except GanvasError as error:
            parts.complain(error)
            return
        self.jobs.clear()
        with self.jobs:
            parts.job_line(job, self._ended)

    def _ended(self, job: Job) -> None:
        if job.state != "done" or job.about is None:
            with self.jobs:
                parts.why(job)
        else:
            found = self.workspace.relative(job.about / "latents.json")
            self.choice.set_options(self._found(), value=found)
