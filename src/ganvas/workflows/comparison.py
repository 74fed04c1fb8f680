"""What a comparison of recipes found: one row for each contestant, as text, Markdown and JSON."""

from collections.abc import Sequence
from typing import Literal

from ganvas.config import Config, Field
from ganvas.metrics.protocol import Score
from ganvas.training.monitor import DISCRIMINATOR_WINS, GENERATOR_COLLAPSED
from ganvas.workflows.score_table import Column, blocks, figure, heads, legend, text_of

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


class Known(Config):
    """A result that stands beside those measured: a published one, or what theory says."""

    name: str = Field(description="whose result it is")
    values: dict[str, float] = Field(description="value of each metric")
    source: str = Field(description="where it is published, or how it follows")


class Comparison(Config):
    """All contestants under one budget."""

    data: str = Field(description="dataset folder")
    content_hash: str = Field(description="content hash of the dataset")
    minutes: float | None = Field(description="training time of each; null = counted in steps")
    steps: int | None = Field(description="rounds of each; null = counted in minutes")
    settings: dict[str, object] = Field(default={}, description="settings that replaced those of every recipe")
    benchmark: str = Field(default="", description="row of BENCHMARKS; empty where the data are the user's own")
    judged_by: str = Field(default="", description="what the features of the benchmark can and cannot tell")
    known: tuple[Known, ...] = Field(default=(), description="results to stand beside those measured")
    contestants: tuple[Contestant, ...] = Field(default=(), description="in the order given")

    def rows(self) -> list[list[str]]:
        """Return the table's head and its rows, protocols by their full names."""
        scores = self._scores()
        head = ["recipe", "steps", "s / 1,000 images", "G", "D", *scores, "monitor"]
        return [head, *(_row(contestant, list(scores)) for contestant in self.contestants), *self._beside(scores)]

    def problems(self) -> list[str]:
        """Return a line for each contestant that has no scores."""
        return [f"{row.recipe}: {row.problem}" for row in self.contestants if row.problem]

    def text(self) -> str:
        """Return the table in columns of at most 120 characters: in blocks where it is wider, protocols below."""
        scores = self._scores()
        short = heads(scores.values())
        table = self.rows()
        table[0] = ["recipe", "steps", "s/1,000", "G", "D", *(short[protocol] for protocol in scores), "monitor"]
        columns = [Column(head, tuple(cells)) for head, *cells in zip(*table, strict=True)]
        lines = [line for block in _together(columns, len(self.contestants)) for line in ("", *text_of(block))]
        notes = ["s/1,000: seconds of training for 1,000 images; G, D: trainable numbers", *legend(scores.values())]
        return "\n".join([self.budget(), *lines, "", *notes, *(f"\n{line}" for line in self._remarks())]) + "\n"

    def markdown(self) -> str:
        """Return the table in Markdown."""
        head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in self.rows())
        lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
        return "\n".join([self.budget(), "", *lines, *(f"\n{line}" for line in self._remarks())]) + "\n"

    def budget(self) -> str:
        """Return what each contestant was given, in a line."""
        given = f"{self.minutes:g} minutes of training" if self.minutes is not None else f"{self.steps:,} steps"
        on = f"benchmark {self.benchmark} (`{self.data}`)" if self.benchmark else f"`{self.data}`"
        return f"Each recipe: {given} on {on}."

    def _scores(self) -> dict[str, Score]:
        """Return a score of each protocol, in the order of the contestants."""
        return {score.protocol: score for row in self.contestants for score in row.scores}

    def _beside(self, scores: dict[str, Score]) -> list[list[str]]:
        """Return the rows of real images and of known results; none where there are no scores."""
        if not scores:
            return []
        real = [figure(score, score.floor) for score in scores.values()]
        rows = [["real images", "", "", "", "", *real, ""]]
        for known in self.known:
            values = [known.values.get(score.metric) for score in scores.values()]
            cells = ["-" if value is None else f"{value:g}" for value in values]
            rows.append([known.name, "", "", "", "", *cells, ""])
        return rows

    def _remarks(self) -> list[str]:
        """Return what is to be said below the table: how a benchmark judges, whose the known results are, problems."""
        sources = [f"{known.name}: {known.source}" for known in self.known]
        caution = ["Published results are of other networks, longer trainings and other judges."] if sources else []
        return [*([self.judged_by] if self.judged_by else []), *sources, *caution, *self.problems()]


def _together(columns: list[Column], num_contestants: int) -> list[list[Column]]:
    """Return one block where all columns fit, else blocks of the contestants' facts before those of scores."""
    if len(whole := blocks(columns)) == 1:
        return whole
    recipe, facts, scores = columns[0], [*columns[1:5], columns[-1]], columns[5:-1]
    of_contestants = [Column(column.head, column.cells[:num_contestants]) for column in (recipe, *facts)]
    return [*blocks(of_contestants), *blocks([recipe, *scores])]


def _row(contestant: Contestant, protocols: Sequence[str]) -> list[str]:
    if contestant.problem:
        return [contestant.recipe, *["-"] * (len(protocols) + 4), contestant.outcome]
    values = {score.protocol: figure(score, score.value) for score in contestant.scores}
    return [
        contestant.recipe,
        f"{contestant.steps:,}",
        f"{contestant.seconds_per_1000_images:.3g}",
        f"{contestant.generator_parameters:,}",
        f"{contestant.discriminator_parameters:,}",
        *(values.get(protocol, "-") for protocol in protocols),
        contestant.verdict,
    ]
