"""How a game stands, in words: nothing before it can be told, then by range; and the line of a training."""

import pytest

from ganvas.training.budget import Budget, Pace
from ganvas.training.loop import status
from ganvas.training.monitor import DISCRIMINATOR_WINS, GENERATOR_COLLAPSED, Monitor, MonitorConfig
from ganvas.training.standing import first_telling_step, legend, standing

CONFIG = MonitorConfig()


@pytest.mark.parametrize(
    ("equilibrium", "diversity", "tone", "words"),
    [
        (0.95, 0.9, "fair", "52 of 100 cases"),
        (0.67, 0.9, "good", "keeps a lead"),
        (0.49, 0.9, "good", "a real image beats a generated one in 76 of 100 cases"),
        (0.1, 0.9, "fair", "slowly"),
        (0.01, 0.9, "bad", DISCRIMINATOR_WINS.words),
        (0.8, 0.1, "bad", GENERATOR_COLLAPSED.words),
    ],
)
def test_a_game_is_judged_by_the_monitors_rules(equilibrium, diversity, tone, words):
    found = standing(288, equilibrium, diversity, CONFIG)
    assert found.tone == tone
    assert words in found.words
    assert standing(8, equilibrium, diversity, CONFIG).title == "Too early to tell"


def test_nothing_is_told_before_there_is_anything():
    assert standing(0, None, None, CONFIG).title == "Too early to tell"
    assert "from step 150 on" in standing(0, None, None, CONFIG).words


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 0.98, 0.999])
def test_the_first_step_is_forgotten_when_the_gauge_begins_to_speak(smoothing):
    step = first_telling_step(MonitorConfig(smoothing=smoothing))
    assert smoothing ** (step - 1) <= 0.05
    assert smoothing ** (step - 2) > 0.05


def test_the_line_of_a_training_has_no_percentage_before():
    monitor = Monitor(CONFIG)
    monitor.watch({"real_beats_fake": 0.75, "diversity": 0.9})
    record = {"images_per_second": 66.0, "d/loss": 1.39, "g/loss": 1.404}
    assert status(149, record, monitor) == ("equilibrium - (too early to tell)  66 images/s  D 1.390  G 1.404")
    assert status(150, record, monitor) == "equilibrium 50 % (both learn)  66 images/s  D 1.390  G 1.404"


def test_the_legend_names_the_same_numbers():
    assert "15 to 80 % is healthy, and before step 150" in legend(CONFIG)


def paced(budget, seconds_a_step, steps=1000):
    now = [0.0]
    pace = Pace(budget, steps, lambda: now[0])
    first = pace.left(1)
    now[0] += 10 * seconds_a_step
    return first, pace.left(11)


def test_the_time_left_is_that_of_what_ends_the_run_first():
    assert paced(Budget(), 6.0) == ("", "1.6 hours left  ")
    assert paced(Budget(240, 174), 6.0) == ("2.9 of 4 min  ", "2.9 of 4 min  ")
    assert paced(Budget(36_000, 60), 0.1) == ("1 of 600 min  ", "1.6 minutes left  ")
