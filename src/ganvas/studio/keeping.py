"""Favourites of Explore: kept in the workspace, drawn anew, walked over as a film that is played or saved."""

from pathlib import Path

from nicegui import html, ui

from ganvas.errors import GanvasError
from ganvas.studio import files, parts
from ganvas.studio.drawing import Drawn, Favourite
from ganvas.studio.job import Job
from ganvas.studio.stage import Large, address, described
from ganvas.studio.workspace import Workspace

FILE = "notes/favourites.json"
_FRAMES, _PER_SECOND = 12, 12.0
_KINDS = {".webp": "WebP, every value kept", ".gif": "GIF, opens anywhere", ".mp4": "MP4, a video"}


class Favourites:
    """The favourites of one model, and the walk over them."""

    def __init__(self, workspace: Workspace, model: str, large: Large) -> None:
        self.workspace, self.model, self.large = workspace, model, large
        self.folder, self.file = workspace.folder / model, workspace.folder / FILE
        self.kept: list[Favourite] = []

    def build(self) -> None:
        """Add the card."""
        with parts.card("Favourites", 2):
            self.words = ui.label().classes("quiet").props("role=status")
            self.strip = html.div().classes("strip")
            self.walk = html.div().classes("stack")
            with self.walk:
                with html.div().classes("line"):
                    parts.button("Play a walk", self._play, name="Play a walk over the favourites")
                    self.kind = ui.select(_KINDS, value=".webp", label="Film").classes("kind")
                    self.kind.on_value_change(self._show_command)
                    parts.button("Save the film", self._save)
                self.film = html.div().classes("film")
                self.small = html.div()
                self.jobs = html.div()

    async def show(self) -> None:
        """Read and draw them anew."""
        try:
            self.kept, others = await self.workspace.drawing.ask(
                self.workspace.drawing.favourites, self.folder, self.file
            )
        except GanvasError as error:
            self.words.text = str(error)
            return
        more = f" {others} of other models or checkpoints are kept beside them." if others else ""
        none = "None yet: keep a picture by its star, or in its window." if not self.kept else ""
        self.words.text = f"{none}{more}".strip()
        self.words.set_visibility(bool(self.words.text))
        self.walk.set_visibility(len(self.kept) > 1)
        self.strip.clear()
        with self.strip:
            for one in self.kept:
                self._tile(one)
        self._show_command()

    async def keep(self, drawn: Drawn) -> None:
        """Keep a picture."""
        from ganvas.workflows.favourites import keep_favourites

        try:
            await self.workspace.drawing.ask(keep_favourites, self.file, [drawn.provenance])
        except GanvasError as error:
            parts.complain(error)
            return
        ui.notify(f"Kept: {described(drawn)}", type="positive")
        await self.show()

    def _tile(self, one: Favourite) -> None:
        words = described(one.drawn)
        with html.div().classes("picture"):
            with html.button(type="button").classes("frame") as frame:
                html.img(src=address(one.drawn.png), alt=words)
            frame.on("click", lambda: self.large.show(one.drawn))
            forget = html.button("×", type="button").classes("star")  # noqa: RUF001
            forget.props["aria-label"] = f"Forget {words}"
            forget.on("click", lambda: self._forget(one))

    async def _forget(self, one: Favourite) -> None:
        from ganvas.workflows.favourites import forget_favourites

        try:
            await self.workspace.drawing.ask(forget_favourites, self.file, [one.number])
        except GanvasError as error:
            parts.complain(error)
        await self.show()

    async def _play(self) -> None:
        self.film.clear()
        with self.film:
            ui.spinner(size="2rem").props('aria-label="Drawing the walk"')
        try:
            content = await self.workspace.drawing.ask(
                self.workspace.drawing.film, self.folder, self.file, _FRAMES, _PER_SECOND
            )
        except GanvasError as error:
            self.film.clear()
            parts.complain(error)
            return
        self.film.clear()
        with self.film:
            html.img(src=address(content, "image/webp"), alt="A walk over the favourites").classes("playing")
            parts.button("Stop", self.film.clear, name="Stop the walk").classes("small")

    def _arguments(self) -> list[str]:
        name = self.workspace.plain_name(f"{Path(self.model).name}-walk")
        out = f"exports/{name}{self.kind.value}"
        return [self.model, "--favourites", FILE, "--frames", str(_FRAMES), "--out", out]

    def _show_command(self) -> None:
        self.small.clear()
        with self.small:
            parts.command("walk", self._arguments())

    def _save(self) -> None:
        arguments = self._arguments()
        out = self.workspace.folder / arguments[-1]
        try:
            job = self.workspace.jobs.start("walk", arguments, f"Film a walk of {self.model}", out)
        except GanvasError as error:
            parts.complain(error)
            return
        self.jobs.clear()
        with self.jobs:
            parts.job_line(job, self._saved)

    def _saved(self, job: Job) -> None:
        with self.jobs:
            if job.state != "done" or job.about is None:
                parts.why(job)
                return
            link = html.a(f"Save {job.about.name}", href=files.address(self.workspace, job.about, download=True))
            link.classes("button small").props["download"] = job.about.name
