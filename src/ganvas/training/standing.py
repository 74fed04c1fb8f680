"""How a game stands, in words: the one place for what the terminal's line and the studio's gauge say."""

from math import ceil, log
from typing import NamedTuple

from ganvas.training.monitor import DISCRIMINATOR_WINS, GENERATOR_COLLAPSED, MonitorConfig

HEALTHY = (0.15, 0.8)
"""Equilibrium from which on the generator gets away with a part, and from which on the discriminator hardly leads."""
_FORGOTTEN = 0.05


class Standing(NamedTuple):
    """How a game stands: "good", "fair" or "bad", a title, and what it means and what to do."""

    tone: str
    title: str
    words: str


def first_telling_step(config: MonitorConfig) -> int:
    """Return the step from which on the smoothed measures tell of the game.

    A smoothed measure begins as that of step 1, when the discriminator knows nothing and the game looks even; after n
    steps more, step 1 still weighs smoothing^n. Here that is a twentieth: step 150 at a smoothing of 0.98.
    """
    return 1 + (ceil(log(_FORGOTTEN) / log(config.smoothing)) if config.smoothing else 1)


def standing(step: float, equilibrium: float | None, diversity: float | None, config: MonitorConfig) -> Standing:
    """Return how a game stands after `step` by its smoothed measures, by the rules of the monitor that watches it."""
    if equilibrium is None or diversity is None or step < first_telling_step(config):
        return Standing(
            "fair",
            "Too early to tell",
            "At first the discriminator knows nothing, and any game looks even: the gauge tells something from step "
            f"{first_telling_step(config):,} on.",
        )
    if diversity < config.collapsed:
        return Standing("bad", "Collapsing", GENERATOR_COLLAPSED.words)
    if equilibrium < 2 * (1 - config.won):
        return Standing("bad", "The discriminator wins", DISCRIMINATOR_WINS.words)
    return _of_lead(equilibrium)


def _of_lead(equilibrium: float) -> Standing:
    """Return how a game stands in which nothing is wrong."""
    real_wins = f"a real image beats a generated one in {100 - 50 * equilibrium:.0f} of 100 cases"
    if equilibrium < HEALTHY[0]:
        return Standing(
            "fair",
            "The discriminator is far ahead",
            f"The generator learns slowly, but learns: {real_wins}. If the samples have not improved for long, lower "
            "the discriminator's learning rate or raise the R1 weight.",
        )
    if equilibrium < HEALTHY[1]:
        return Standing(
            "good",
            "Both learn",
            f"The discriminator keeps a lead, as it should: {real_wins}. How good the images are the gauge does not "
            "say; the samples show it.",
        )
    return Standing(
        "fair",
        "Nearly even",
        f"The discriminator tells real from generated images little better than by chance: {real_wins}. That is the "
        "aim where the samples look real. Where they are poor it has yet to learn: wait, and only if both stay so for "
        "thousands of steps raise its learning rate or width.",
    )


def legend(config: MonitorConfig) -> str:
    """Return what the words of a training's status line mean, and what is healthy."""
    least, most = (f"{100 * bound:.0f}" for bound in HEALTHY)
    return (
        "Equilibrium: at 100 % the discriminator cannot tell real from generated images, at 0 % it always can;\n"
        f"  {least} to {most} % is healthy, and before step {first_telling_step(config):,} it says nothing.\n"
        "D, G: the losses of discriminator and generator, which need not fall."
    )
