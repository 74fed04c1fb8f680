"""What a comparison of recipes found: one row for each contestant, as text, Markdown and JSON."""

from collections.abc import Sequence
from typing import Literal

from ganvas.config import Config, Field
from ganvas.metrics.protocol import Score
from ganvas.training.monitor import DISCRIMINATOR_WINS, GENERATOR_COLLAPSED

Outcome = Literal["", "refused", "broke down"]


class Point(Config):
    """The score of a checkpoint on the way."""

    step: int = Field(ge=0, description="rounds played")
    seconds: float = Field(ge=0, description="seconds that they took")
    value: float = Field(description="score, lower is better")


class Contestant(Config):
    """One recipe's outcome; `problem` says in words why it was not trained, or how it broke down."""

    recipe: str = Field(description="recipe")
    outcome: Outcome = Field(default="", description="whether it was refused, or broke down")
    problem: str = Field(default="", description="why there are no scores; empty where there are")
    steps: int = Field(default=0, ge=0, description="rounds played")
    images: int = Field(default=0, ge=0, description="real images shown to the discriminator")
    seconds: float = Field(default=0.0, ge=0, description="seconds that the rounds took")
    cpu_seconds: float = Field(default=0.0, ge=0, description="seconds of CPU that the rounds took")
    generator_parameters: int = Field(default=0, ge=0, description="trainable numbers of G")
    discriminator_parameters: int = Field(default=0, ge=0, description="trainable numbers of D")
    findings: tuple[str, ...] = Field(default=(), description="what the monitor found at the end")
    protocol: str = Field(default="", description="protocol of the points")
    points: tuple[Point, ...] = Field(default=(), description="scores on the way")
    scores: tuple[Score, ...] = Field(default=(), description="scores at the end")
    finished: bool = Field(default=False, description="whether nothing is left to do")

    @property
    def seconds_per_1000_images(self) -> float:
        """Seconds of training for 1,000 real images."""
        return 1000 * self.seconds / self.images if self.images else 0.0

    @property
    def verdict(self) -> str:
        """The monitor's findings in a word or two."""
        collapsed = "collapsed" if GENERATOR_COLLAPSED.name in self.findings else "not collapsed"
        return f"{collapsed}, D wins" if DISCRIMINATOR_WINS.name in self.findings else collapsed


class Comparison(Config):
    """All contestants under one budget."""

    data: str = Field(description="dataset folder")
    content_hash: str = Field(description="content hash of the dataset")
    minutes: float | None = Field(description="training time of each; null = counted in steps")
    steps: int | None = Field(description="rounds of each; null = counted in minutes")
    settings: dict[str, object] = Field(default={}, description="settings that replaced those of every recipe")
    contestants: tuple[Contestant, ...] = Field(default=(), description="in the order given")

    def rows(self) -> list[list[str]]:
        """Return the table's head and its rows."""
        protocols = list(dict.fromkeys(score.protocol for row in self.contestants for score in row.scores))
        floors = {score.protocol: _number(score, score.floor) for row in self.contestants for score in row.scores}
        head = ["recipe", "steps", "s / 1,000 images", "G", "D", *protocols, "monitor"]
        real = ["real images", "", "", "", "", *(floors[protocol] for protocol in protocols), ""]
        return [head, *(_row(contestant, protocols) for contestant in self.contestants), *([real] if protocols else [])]

    def problems(self) -> list[str]:
        """Return a line for each contestant that has no scores."""
        return [f"{row.recipe}: {row.problem}" for row in self.contestants if row.problem]

    def text(self) -> str:
        """Return the table in columns."""
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.budget(), "", *lines, *(f"\n{line}" for line in self.problems())]) + "\n"

    def markdown(self) -> str:
        """Return the table in Markdown."""
        head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in self.rows())
        lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
        return "\n".join([self.budget(), "", *lines, *(f"\n{line}" for line in self.problems())]) + "\n"

    def budget(self) -> str:
        """Return what each contestant was given, in a line."""
        given = f"{self.minutes:g} minutes of training" if self.minutes is not None else f"{self.steps:,} steps"
        return f"Each recipe: {given} on `{self.data}`."


def _row(contestant: Contestant, protocols: Sequence[str]) -> list[str]:
    if contestant.problem:
        return [contestant.recipe, *["-"] * (len(protocols) + 4), contestant.outcome]
    values = {score.protocol: _number(score, score.value) for score in contestant.scores}
    return [
        contestant.recipe,
        f"{contestant.steps:,}",
        f"{contestant.seconds_per_1000_images:.3g}",
        f"{contestant.generator_parameters:,}",
        f"{contestant.discriminator_parameters:,}",
        *(values.get(protocol, "-") for protocol in protocols),
        contestant.verdict,
    ]


def _number(score: Score, value: float) -> str:
    return f"{value:.4g}" if score.lower_is_better else f"{value:.2%}"
