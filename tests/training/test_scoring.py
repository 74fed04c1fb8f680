"""When a run is scored, what that may cost, and when scores that no longer improve end it."""

from math import inf

import pytest
import torch

from ganvas.progress import Silent
from ganvas.training.budget import Budget
from ganvas.training.interrupt import StopRequest
from ganvas.training.loop import train
from ganvas.training.monitor import Monitor
from ganvas.training.ranks import Ranks
from ganvas.training.scoring import SCORE, SECONDS, STOPPED, Criterion, Scoring, ScoringConfig, judgement_of
from ganvas.training.settings import TrainingConfig

NAME = "pixels-mind16"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def scoring(clock=None, lower=True, every=10, **settings):
    return Scoring(ScoringConfig(**settings), every, Criterion(NAME, lower), clock or Clock())


def course(found, values, every=10):
    """Give a scoring the values of its regular steps; return the step at which its patience was at an end."""
    for number, value in enumerate(values, 1):
        found.recall([{"step": number * every, f"{SCORE}{NAME}": value}])
        if found.exhausted:
            return number * every
    return None


# When, and for how much time


def test_regular_steps_and_the_last_are_due():
    found = scoring(every=10)
    assert [step for step in range(1, 31) if found.is_due(step, last=step == 27)] == [10, 20, 27, 30]
    assert not Scoring(ScoringConfig(), 1).is_due(1, last=True)


def test_an_interval_of_its_own_goes_before_that_of_checkpoints():
    found = Scoring(ScoringConfig(every=4), 10, Criterion(NAME))
    assert [step for step in range(1, 13) if found.is_due(step, last=False)] == [4, 8, 12]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("cost", [0.2, 3.0, 40.0])
def test_scores_never_take_more_than_their_share(share, cost):
    """1,000 rounds of a second each, a score due after every fifth: whatever one costs, the share is kept."""
    clock = Clock()
    found = scoring(clock, every=5, most_share=share)
    taken = 0

    def score(seconds):
        nonlocal taken
        if cost > seconds:
            return {}
        clock.now += cost
        taken += 1
        return {NAME: 1.0}

    for step in range(1, 1001):
        if found.is_due(step, last=False):
            record = found.take(step, float(step), score)
            assert (f"{SCORE}{NAME}" in record) == (record[SECONDS] > 0)
        assert found.spent <= share * step
    assert found.spent == pytest.approx(cost * taken)
    assert taken == min(200, int(share * 1000 / cost + 1e-9))


def test_a_share_of_one_is_no_limit():
    found = scoring(most_share=1.0)
    assert found.left(0.0) == inf
    assert scoring(most_share=0.05).left(100.0) == pytest.approx(5.0)


def test_what_the_log_tells_is_all_that_is_needed():
    clock, log = Clock(), []
    live = scoring(clock, every=5, patience=3)
    for step in range(5, 61, 5):

        def score(_seconds, step=step):
            clock.now += 0.125
            return {NAME: 1.0 + 1.0 / step, "pixels-fid16": 3.0}

        log.append({"step": step, "d/loss": 1.0, **live.take(step, 1e6, score)})
    again = scoring(every=5, patience=3)
    again.recall(log)
    for name in ("spent", "fruitless", "best_step", "exhausted"):
        assert getattr(again, name) == getattr(live, name), name
    assert live.spent == pytest.approx(12 * 0.125)
    assert live.best_step == 60
    assert again.loss(60) == 1.0 + 1.0 / 60
    assert again.loss(61) == inf
    assert judgement_of(log[0]) == (5, NAME, 1.2)
    assert judgement_of({"step": 3, SECONDS: 0.1}) is None


# When it ends


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ([5, 4, 3, 2, 1], None),
        ([5, 4, 4, 4, 4], 50),
        ([5, 4, 3.98, 3.96, 3.94, 3.93], None),  # each by less than 1 %, and after three 1.5 % below 4
        ([5, 4, 3.99, 3.98, 3.97], 50),
        ([5, 6, 7, 4.9, 8, 8], None),
        ([5, 6, 7, 8, 1], 40),
        ([-1.0, -1.005, -1.02, -1.02, -1.02], None),
    ],
)
def test_patience_ends_after_so_many_scores_without_improvement(values, end):
    assert course(scoring(patience=3, least_gain=0.01), values) == end


def test_higher_may_be_better():
    assert course(scoring(lower=False, patience=2), [0.5, 0.6, 0.6, 0.604]) == 40
    found = scoring(lower=False)
    course(found, [0.5, 0.7, 0.6])
    assert found.best_step == 20
    assert found.loss(20) == -0.7


def test_without_patience_nothing_ends():
    assert course(scoring(), [1.0] * 50) is None


def test_of_equal_scores_the_last_is_the_best():
    found = scoring()
    course(found, [2.0, 1.0, 1.0, 3.0])
    assert found.best_step == 30


def test_a_score_where_a_run_happened_to_end_counts_for_the_best_and_not_for_patience():
    found = scoring(patience=1)
    found.recall([{"step": 10, f"{SCORE}{NAME}": 2.0}, {"step": 17, f"{SCORE}{NAME}": 1.9}])
    assert found.best_step == 17
    assert not found.exhausted
    found.recall([{"step": 20, f"{SCORE}{NAME}": 2.0}])
    assert found.exhausted


# The loop


class Rounds:
    """Rounds that only count, with the measures a loop wants of them."""

    def __init__(self, config):
        self.config, self.game = config, Counted()

    def play(self, step):
        return {name: torch.tensor(0.5) for name in ("d/loss", "g/loss", "real_beats_fake", "diversity")}


class Counted:
    step = 0
    ranks = Ranks()


class Traces:
    """Keeps what a loop hands out; scores are taken from a list by step."""

    def __init__(self, scores):
        self.scores, self.log, self.saved, self.drawn = scores, [], [], []

    def record(self, record):
        self.log.append(record)

    def score(self, game, seconds):
        return {NAME: self.scores[game.step]} if game.step in self.scores else {}

    def snapshot(self, game):
        self.drawn.append(game.step)

    def save(self, game, monitor):
        self.saved.append(game.step)


def played(scores, budget=None, **settings):
    config = TrainingConfig().override(**{"steps": 40, "checkpoint.every": 8, "samples.every": 8, **settings})
    traces = Traces(scores)
    watch = Scoring(config.scoring, config.checkpoint.every, Criterion(NAME))
    train(Rounds(config), Monitor(config.monitor), config, traces, StopRequest(), Silent(), budget, watch)
    return traces


def test_the_loop_records_scores_with_their_steps_and_ends_by_patience():
    values = {8: 3.0, 16: 2.0, 24: 2.0, 32: 2.0, 40: 1.0}
    traces = played(values, **{"scoring.patience": 2, "scoring.most_share": 1.0})
    assert [record["step"] for record in traces.log] == list(range(1, 33))
    assert {record["step"]: record[f"{SCORE}{NAME}"] for record in traces.log if f"{SCORE}{NAME}" in record} == {
        step: values[step] for step in (8, 16, 24, 32)
    }
    assert [record["step"] for record in traces.log if STOPPED in record] == [32]
    assert traces.saved == [8, 16, 24, 32]


def test_a_step_that_is_the_best_so_far_is_saved_though_no_checkpoint_is_due():
    traces = played({4: 3.0, 8: 2.0, 12: 2.5, 16: 2.5, 20: 1.0, 40: 4.0}, **{"scoring.every": 4})
    assert traces.saved == [4, 8, 16, 20, 24, 32, 40]


def test_the_end_is_scored_whatever_ends_it():
    assert f"{SCORE}{NAME}" in played({37: 1.0}, steps=37).log[-1]
    spent = played({1: 1.0}, Budget(1e-9))
    assert len(spent.log) == 1
    assert spent.drawn == spent.saved == [1], "the best so far, saved at once, and drawn too"
    assert f"{SCORE}{NAME}" in spent.log[-1]
