"""The gauge of a game: how near it is to equilibrium, as a picture and in words that say what to do."""

from math import cos, pi, sin
from typing import NamedTuple

from markupsafe import Markup

from ganvas.training.monitor import DISCRIMINATOR_WINS, GENERATOR_COLLAPSED, MonitorConfig

_NEAR = 0.5
_BARELY = 0.15


class Judgement(NamedTuple):
    """How a game stands: "good", "fair" or "bad", a title, and what it means and what to do."""

    tone: str
    title: str
    words: str


def judge(equilibrium: float | None, diversity: float | None, config: MonitorConfig) -> Judgement:
    """Return how a game stands by its smoothed measures, by the rules of the monitor that watches training."""
    if equilibrium is None or diversity is None:
        return Judgement("fair", "Not begun", "The first steps will tell.")
    if diversity < config.collapsed:
        return Judgement("bad", "Collapsing", GENERATOR_COLLAPSED.words)
    if equilibrium < 2 * (1 - config.won):
        return Judgement("bad", "The discriminator wins", DISCRIMINATOR_WINS.words)
    if equilibrium >= _NEAR:
        return Judgement(
            "good",
            "Near equilibrium",
            "The discriminator can hardly tell real from generated images: the generator keeps up. Look at the "
            "samples: if they are poor, the discriminator is too weak to teach more.",
        )
    if equilibrium >= _BARELY:
        return Judgement(
            "good",
            "Learning",
            "The discriminator is ahead, as it should be, and the generator still gets away with a part: both learn.",
        )
    return Judgement(
        "fair",
        "The discriminator is far ahead",
        "The generator learns slowly, but learns. If the samples have not improved for long, lower the discriminator's "
        "learning rate or raise the R1 weight.",
    )


def drawing(equilibrium: float | None, words: str) -> Markup:
    """Return the gauge as inline SVG: a half circle from 0, the discriminator always tells, to 1, it never can."""
    value = min(1.0, max(0.0, equilibrium or 0.0))
    shown = "?" if equilibrium is None else f"{100 * value:.0f} %"
    end_x, end_y = 70 - 52 * cos(pi * value), 70 - 52 * sin(pi * value)
    arc = "" if equilibrium is None else f"<path class='value' d='M18,70A52,52 0 0 1 {end_x:.1f},{end_y:.1f}'/>"
    return Markup(
        "<svg class='gauge' viewBox='0 0 140 92' role='img' aria-label='{label}'><path class='track' "
        "d='M18,70A52,52 0 0 1 122,70'/>{arc}<text x='70' y='66' text-anchor='middle'>{shown}</text>"
        "<text class='small' x='18' y='86' text-anchor='middle'>D wins</text>"
        "<text class='small' x='122' y='86' text-anchor='middle'>even</text></svg>"
    ).format(label=f"Equilibrium {shown}. {words}", arc=Markup(arc), shown=shown)  # noqa: S704  (two numbers)
