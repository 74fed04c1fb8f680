"""The stage of Explore: the pictures, one of them large with how it was made, favourites and the walk over them."""

import base64
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import html, ui

from ganvas.studio import parts
from ganvas.studio.drawing import Drawn

_FEW = 8
"""Pictures that stay in sight on a phone while the controls below them are moved."""
Keep = Callable[[Drawn], Awaitable[None]]


def address(content: bytes, kind: str = "image/png") -> str:
    """Return a picture as an address that carries it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def described(drawn: Drawn) -> str:
    """Return what a picture is, in words."""
    said = drawn.provenance
    mixture = said.settings.get("mixture")
    kind = said.label or (
        "mixture " + ", ".join(f"{name} {share:g}" for name, share in mixture.items()) if mixture else ""
    )
    place = (
        f"seed {said.seed}, image {said.index}"
        if said.seed is not None
        else str(said.settings.get("from", "projected"))
    )
    return f"{kind}: {place}" if kind else place


class Stage:
    """A grid of pictures, each a button that shows it large."""

    def __init__(self, show_large: Callable[[Drawn], None], keep: Keep) -> None:
        self.show_large, self.keep = show_large, keep
        self.status = ui.label("Drawing the first pictures ...").props("role=status").classes("quiet status")
        self.grid = html.div().classes("stage")
        self.drawn: list[Drawn] = []
        self.pictures: list[ui.element] = []
        self.captions: list[ui.label] = []

    def show(self, drawn: list[Drawn], columns: int, words: str) -> None:
        """Show pictures in place of those before; only addresses change where there are as many."""
        if len(drawn) != len(self.pictures):
            self._build(len(drawn))
            self.grid.classes(add="few" if len(drawn) <= _FEW else "", remove="" if len(drawn) <= _FEW else "few")
        self.drawn = drawn
        self.grid.style(f"--columns: {columns}").classes(
            add="in-rows" if columns else "", remove="" if columns else "in-rows"
        )
        for picture, caption, one in zip(self.pictures, self.captions, drawn, strict=True):
            picture.props.update(src=address(one.png), alt=described(one))
            caption.text = one.provenance.label or ""
            caption.set_visibility(bool(one.provenance.label))
        self.status.text = words

    def _build(self, num: int) -> None:
        self.grid.clear()
        self.pictures, self.captions = [], []
        with self.grid:
            for place in range(num):
                with html.div().classes("picture"):
                    with html.button(type="button").classes("frame") as frame:
                        self.pictures.append(html.img(alt=""))
                        self.captions.append(ui.label().classes("under"))
                    frame.on("click", partial(self._enlarge, place))
                    star = html.button("☆", type="button").classes("star")
                    star.props["aria-label"] = f"Keep picture {place + 1} as a favourite"
                    star.on("click", partial(self._keep, place))

    def _enlarge(self, place: int) -> None:
        self.show_large(self.drawn[place])

    async def _keep(self, place: int) -> None:
        await self.keep(self.drawn[place])


class Large:
    """A window with one picture, how it was made, and what can be done with it."""

    def __init__(self, model: str, keep: Keep) -> None:
        self.model, self.keep = model, keep
        self.drawn: Drawn | None = None
        with ui.dialog() as self.window, ui.card().classes("large"):
            self.title = ui.label().classes("title").props("role=heading aria-level=2")
            self.picture = html.img(alt="").classes("sheet")
            self.told = html.div().classes("told")
            with html.div().classes("line"):
                parts.button("Keep", self._keep, name="Keep as a favourite")
                parts.button("Save PNG", self._save, "primary")
                parts.button("Close", self.window.close)

    def show(self, drawn: Drawn) -> None:
        """Open the window."""
        self.drawn = drawn
        words = described(drawn)
        self.title.text = words
        self.picture.props.update(src=address(drawn.png), alt=words)
        self.told.clear()
        with self.told:
            for line in drawn.provenance.lines()[2:]:
                parts.words(line, "quiet")
            parts.words("Made by a model: the file says so, and how, in its metadata.", "quiet")
            said = drawn.provenance
            if said.seed is not None:
                parts.command("doctor", [drawn.file, "--again", self.model, "--out", "again.png"])
        self.window.open()

    async def _keep(self) -> None:
        if self.drawn is not None:
            await self.keep(self.drawn)

    def _save(self) -> None:
        if self.drawn is not None:
            ui.download.content(self.drawn.png, self.drawn.file, "image/png")
