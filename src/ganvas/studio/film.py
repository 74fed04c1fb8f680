"""The samples of a run through time: its grids, all of the same latents, with a slider and a player."""

from pathlib import Path

from nicegui import html, ui

from ganvas.studio import parts
from ganvas.studio.aside import aside
from ganvas.studio.files import address
from ganvas.studio.previews import grids_of
from ganvas.studio.sample_rows import classes_of_rows
from ganvas.studio.workspace import Workspace

_FRAME_SECONDS = 0.35


class Film:
    """A picture, a slider over steps, and buttons; it follows the newest grid until somebody moves the slider back."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace, self.folder = workspace, folder
        self.grids: list[Path] = []
        self.rows: tuple[str, ...] | None = None
        """The class of each row, once the run has said it."""
        self.follows = True
        parts.heading("What it draws", 3)
        self.none = parts.words("The first samples come soon.", "quiet")
        with html.div().classes("rows"):
            self.names = html.div().classes("row-names")
            self.picture = html.img(alt="").classes("sheet")
        self.names.visible = False
        with html.div().classes("line") as self.bar:
            self.play = parts.button("Play", self._play, name="Play the samples from the first to the newest")
            self.slider = ui.slider(min=0, max=1, step=1, value=0, on_change=self._moved).classes("grow")
            self.slider.props('aria-label="Step of the samples"')
            self.step = ui.label().classes("quiet number")
        self.picture.visible = self.bar.visible = False
        self.timer = ui.timer(_FRAME_SECONDS, self._next, active=False)

    async def look(self) -> None:
        """Show what was drawn since the last look."""
        grids = await aside(grids_of, self.folder)
        if grids == self.grids:
            return
        if self.rows is None and (rows := await aside(classes_of_rows, self.folder)) is not None:
            self.rows = rows
            with self.names:
                for name in rows:
                    html.span(name).props["title"] = name
        self.grids, self.names.visible = grids, bool(self.rows and grids)
        self.none.visible, self.picture.visible, self.bar.visible = not grids, bool(grids), len(grids) > 1
        if grids:
            self.slider.props(f"max={max(1, len(grids) - 1)}")
            if self.follows and not self.timer.active:
                self.slider.set_value(len(grids) - 1)
            self._show()

    def _place(self) -> int:
        return int(self.slider.value or 0)

    def _moved(self) -> None:
        self.follows = self._place() >= len(self.grids) - 1
        self._show()

    def _show(self) -> None:
        if not self.grids:
            return
        grid = self.grids[min(self._place(), len(self.grids) - 1)]
        self.picture.props["src"] = address(self.workspace, grid)
        self.picture.props["alt"] = f"Samples after {int(grid.stem):,} steps"
        self.picture.update()
        self.step.text = f"step {int(grid.stem):,}"

    def _play(self) -> None:
        if self.timer.active:
            self._pause()
            return
        if self._place() >= len(self.grids) - 1:
            self.slider.set_value(0)
        self.timer.activate()
        self.play.text = "Hold"

    def _pause(self) -> None:
        self.timer.deactivate()
        self.play.text = "Play"

    def _next(self) -> None:
        if self._place() >= len(self.grids) - 1:
            self._pause()
        else:
            self.slider.set_value(self._place() + 1)
