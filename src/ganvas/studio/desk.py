"""The desk of Explore: what is drawn, as controls: classes and mixtures, seed, variety, directions."""

import secrets
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import html, ui

from ganvas.config import Config, Field
from ganvas.errors import ConfigurationError
from ganvas.studio import parts
from ganvas.studio.drawing import Abilities, Wanted
from ganvas.studio.range import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY, EACH, MIX = "By chance", "Each in turn", "Mixture"
MOST_CHIPS = 24
NUMBERS = (1, 4, 9, 10, 16, 25, 36, 50, 64, 100)
_STYLE = Path(__file__).with_name("desk.css")


def add_style() -> None:
    """Give a page the looks of desk, stage and tables of scores."""
    ui.add_head_html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")


class Noted(Config):
    """What the page remembers of a model's desk."""

    seed: int = Field(default=0, ge=0, description="seed")
    num: int = Field(default=16, ge=1, description="how many")
    kind: str = Field(default=ANY, description="a class, or one of the other ways to choose it")
    mixture: dict[str, float] = Field(default={}, description="share of each class")
    truncation: float = Field(default=1.0, description="variety")
    directions: dict[str, float] = Field(default={}, description="how far along each")
    latents: str = Field(default="", description="projection that is drawn from")

    @classmethod
    def of(cls, values: object) -> "Noted":
        """Return what was noted, the defaults where that cannot be read."""
        try:
            return cls.read(values, "A note")
        except ConfigurationError:
            return cls()


class Desk:
    """The controls; `changed` is called after each change."""

    def __init__(self, folder: Path, abilities: Abilities, noted: Noted, changed: Callable[[], None]) -> None:
        self.folder, self.abilities, self.changed = folder, abilities, changed
        self.kind = noted.kind if noted.kind in {ANY, EACH, MIX, *abilities.classes} else ANY
        self.noted = noted
        self.latents = ""
        self.mixture = {name: noted.mixture.get(name, 0.0) for name in abilities.classes[:MOST_CHIPS]}
        self.directions = {name: noted.directions.get(name, 0.0) for name in abilities.directions}
        self.sliders: list[tuple[Range, float]] = []
        self.chips: dict[str, ui.element] = {}

    @property
    def wanted(self) -> Wanted:
        """What the controls ask for."""
        return Wanted(
            model=self.folder,
            seed=int(self.seed.value or 0),
            num=int(self.num.value),
            label=self.kind if self.kind in self.abilities.classes else None,
            each_class=self.kind == EACH,
            latents=Path(self.latents) if self.latents else None,
            mixture={name: share for name, share in self.mixture.items() if share} if self.kind == MIX else {},
            truncation=self.truncation.value,
            directions={name: far for name, far in self.directions.items() if far},
        )

    @property
    def note(self) -> dict[str, Any]:
        """What the page should remember."""
        shown = self.wanted
        return {
            "seed": shown.seed,
            "num": shown.num,
            "kind": self.kind,
            "mixture": {name: share for name, share in self.mixture.items() if share},
            "truncation": shown.truncation,
            "directions": shown.directions,
            "latents": self.latents,
        }

    def build(self) -> None:
        """Add the controls."""
        if self.abilities.classes:
            self._classes()
        with html.div().classes("fields two"):
            with html.div().classes("beside"):
                self.seed = ui.number("Seed", value=self.noted.seed, min=0, max=2**53, precision=0, step=1)
                self.seed.classes("grow").on_value_change(self.changed)
                parts.button("New", self._another, name="Another seed by chance").classes("small")
            numbers = sorted({*NUMBERS, min(self.noted.num, 100)})
            self.num = ui.select(numbers, label="How many", value=min(self.noted.num, 100), on_change=self.changed)
        self.truncation = self._slider(
            "Variety", 0.0, 1.5, 0.05, min(self.noted.truncation, 1.5), 1.0, lambda _: self.changed()
        )
        self.truncation.tooltip("Truncation: below 1 more typical pictures, above 1 stranger ones")

    def build_directions(self, rename: Callable[[str], None]) -> None:
        """Add a slider for each direction, with a way to name it."""
        for name in self.abilities.directions:
            with html.div().classes("direction"):
                self._slider(
                    name, -3.0, 3.0, 0.1, self.directions[name], 0.0, lambda far, name=name: self._move(name, far)
                )
                button = ui.button(icon="edit", on_click=partial(rename, name))
                button.props("flat round dense size=sm").props["aria-label"] = f"Rename {name}"

    def reset(self) -> None:
        """Put all sliders back."""
        for slider, value in self.sliders:
            slider.value = value

    def _classes(self) -> None:
        names = self.abilities.classes
        if len(names) > MOST_CHIPS:
            choice = ui.select([ANY, EACH, *names], label="Class", value=self.kind, with_input=True)
            choice.on_value_change(lambda event: self._choose(event.value or ANY))
            return
        with html.fieldset().classes("chips"):
            html.legend("Class")
            for name in (ANY, EACH, *names, *([MIX] if self.abilities.mixes else [])):
                chip = html.button(name, type="button").classes("chip")
                chip.on("click", partial(self._choose, name))
                self.chips[name] = chip
        self.mixer = html.div().classes("mixer")
        with self.mixer:
            for name in names if self.abilities.mixes else ():
                self._slider(
                    name, 0.0, 1.0, 0.05, self.mixture[name], 0.0, lambda share, name=name: self._mix(name, share)
                )
        self._press()

    def _press(self) -> None:
        for name, chip in self.chips.items():
            chip.props["aria-pressed"] = "true" if name == self.kind else "false"
        if self.chips:
            self.mixer.set_visibility(self.kind == MIX)

    def _choose(self, kind: str) -> None:
        self.kind = kind
        if kind == MIX and not any(self.mixture.values()):
            for (slider, _), share in zip(self.sliders, (0.5, 0.5), strict=False):
                slider.value = share  # the first two classes, for a start
        self._press()
        self.changed()

    def _mix(self, name: str, share: float) -> None:
        self.mixture[name] = share
        self.changed()

    def _move(self, name: str, far: float) -> None:
        self.directions[name] = far
        self.changed()

    def _another(self) -> None:
        self.seed.value = secrets.randbelow(1_000_000)

    def _slider(
        self, name: str, low: float, high: float, step: float, value: float, rest: float, moved: Callable[[float], None]
    ) -> Range:
        """Add a slider with its name before it and its value behind; `rest` is where it is put back to."""
        with html.div().classes("slide"):
            html.span(name).props("aria-hidden=true").classes("of")

            def show(far: float) -> None:
                number.text = f"{far:g}"
                moved(far)

            slider = Range(name, low, high, step, value, show)
            number = ui.label(f"{value:g}").classes("number").props("aria-hidden=true")
        self.sliders.append((slider, rest))
        return slider


@contextmanager
def folded(title: str, opened: bool = False) -> "Iterator[None]":
    """Build a part of the desk that can be folded away."""
    with ui.expansion(title, value=opened).classes("full"):
        yield
