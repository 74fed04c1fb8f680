"""Scores on the way: when one is due, what all of them have cost, and whether they still improve.

Scores change nothing that is trained, so it may depend on the time they cost whether one is taken. Only `patience`,
which ends a run early, passes that on to what comes out; the log says what was decided, and a resumed run reads it.
"""

import time
from collections.abc import Callable, Iterable
from math import inf
from typing import NamedTuple

from ganvas.config import RESUMABLE, Config, Field
from ganvas.training.monitor import Record

SCORE = "score/"
"""Begins the names of scores in a record; their protocol follows."""
SECONDS, STOPPED = "score_seconds", "stopped_early"


class ScoringConfig(Config):
    """Scores of the averaged generator on the way, against as many real training images, the same each time."""

    metrics: tuple[str, ...] = Field(
        default=("pixels-mind",),
        description="what is scored: features, a dash, a metric, such as classifier-fid; none = no scores",
        json_schema_extra=RESUMABLE,
    )
    every: int = Field(
        default=0, ge=0, description="steps between scores; 0 = one for each checkpoint", json_schema_extra=RESUMABLE
    )
    best_by: str = Field(
        default="", description="which of the metrics says what is best; empty = the first", json_schema_extra=RESUMABLE
    )
    patience: int = Field(
        default=0,
        ge=0,
        description="regular scores in a row without improvement that end the run early; 0 = nothing does. Where it "
        "ends may depend on time, by the scores left out, unless most_share is 1",
        json_schema_extra=RESUMABLE,
    )
    least_gain: float = Field(
        default=0.01, ge=0, lt=1, description="improvement that counts, as a share", json_schema_extra=RESUMABLE
    )
    most_share: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="share of the time in rounds that scores may take: those that would take more are left for the "
        "next that is due; 1 = no limit",
        json_schema_extra=RESUMABLE,
    )


class Criterion(NamedTuple):
    """The score that says what is best: its protocol, and which way is better."""

    protocol: str
    lower_is_better: bool = True


class Judgement(NamedTuple):
    """The score of a step that says how good it is."""

    step: int
    protocol: str
    value: float


def judgement_of(record: Record) -> Judgement | None:
    """Return the first score of a record, which is the judge's; None where the step was not scored."""
    name = next((name for name in record if name.startswith(SCORE)), None)
    return None if name is None else Judgement(int(record["step"]), name.removeprefix(SCORE), record[name])


class Scoring:
    """What is known of a run's scores, all of it from its log. Without a criterion there are none."""

    def __init__(
        self,
        config: ScoringConfig,
        every: int,
        criterion: Criterion | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Score each `every` steps, where the configuration names no interval."""
        self.config = config
        self.every = config.every or every
        self.criterion = criterion
        self.clock = clock
        self.spent = 0.0
        """Seconds that scores have taken so far."""
        self.fruitless = 0
        """Regular scores since the last that was an improvement."""
        self._losses: dict[int, float] = {}
        self._bar = inf

    @property
    def exhausted(self) -> bool:
        """Whether the scores have failed to improve for as long as the patience lasts."""
        return 0 < self.config.patience <= self.fruitless

    @property
    def best_step(self) -> int | None:
        """The step of the best score; of equal ones the last."""
        return min(reversed(self._losses), key=self._losses.__getitem__, default=None)

    def is_due(self, step: int, last: bool) -> bool:
        """Return whether a step is to be scored: a regular one, or the `last` of a run."""
        return self.criterion is not None and (last or step % self.every == 0)

    def left(self, trained: float) -> float:
        """Return the seconds that scores may still take after so many `trained` in rounds."""
        return inf if self.config.most_share == 1 else self.config.most_share * trained - self.spent

    def take(self, step: int, trained: float, score: Callable[[float], Record]) -> Record:
        """Have a step scored, and return what the log should say of that.

        `score` returns the scores by protocol, none where they would take more seconds than it is given.
        """
        begun = self.clock()
        found = score(self.left(trained))
        record = {f"{SCORE}{protocol}": value for protocol, value in found.items()}
        record[SECONDS] = float(f"{self.clock() - begun:.6g}")
        self.recall([{"step": step, **record}])
        return record | {STOPPED: 1.0} if self.exhausted and found else record

    def recall(self, records: Iterable[Record]) -> None:
        """Take in records in the order of their steps, such as those of a log."""
        for record in records:
            self.spent += record.get(SECONDS, 0.0)
            value = record.get(f"{SCORE}{self.criterion.protocol}") if self.criterion else None
            if value is not None:
                self._judge(int(record["step"]), value)

    def loss(self, step: int) -> float:
        """Return a score such that lower is better; infinity for a step without one."""
        return self._losses.get(step, inf)

    def _judge(self, step: int, value: float) -> None:
        assert self.criterion is not None
        loss = value if self.criterion.lower_is_better else -value
        self._losses[step] = loss
        if step % self.every:  # where a run happened to end says nothing of its course
            return
        if self._bar == inf or loss < self._bar - self.config.least_gain * abs(self._bar):
            self._bar, self.fruitless = loss, 0
        else:
            self.fruitless += 1
