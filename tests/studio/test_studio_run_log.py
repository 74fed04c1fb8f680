"""A run's log as it grows: read in pieces, torn, cut by a resume, very long; and the gauge over it."""

import json

import numpy as np
import pytest

from ganvas.studio import gauge
from ganvas.studio.run_log import RunLog, Series


def line(step, **more):
    record = {"step": step, "d/loss": step / 10, "g/loss": 1.0, "equilibrium": 0.4, "diversity": 0.9} | more
    return (json.dumps(record) + "\n").encode()


def test_only_what_is_new_is_read_and_torn_lines_wait(tmp_path):
    path, log = tmp_path / "log.jsonl", RunLog(tmp_path)
    assert not log.read()
    path.write_bytes(line(1) + line(2)[:20])
    assert log.read()
    assert log.last["step"] == 1
    with path.open("ab") as file:
        file.write(line(2)[20:] + b"no record\n" + line(3))
    assert log.read()
    assert not log.read()
    steps, values = log.series["d/loss"].line()
    assert steps.tolist() == [1, 2, 3]
    assert values.tolist() == [0.1, 0.2, 0.3]


def test_a_log_that_a_resume_cut_is_read_anew(tmp_path):
    path, log = tmp_path / "log.jsonl", RunLog(tmp_path)
    path.write_bytes(b"".join(map(line, range(1, 9))))
    log.read()
    other = tmp_path / "new"
    other.write_bytes(b"".join(map(line, range(1, 4))))
    other.replace(path)
    assert log.read()
    assert log.last["step"] == 3
    assert log.series["g/loss"].line()[0].tolist() == [1, 2, 3]


def test_a_long_series_keeps_few_points_their_mean_and_their_ends():
    series = Series()
    for step in range(1, 100_001):
        series.add(step, float(step % 10))
    steps, values = series.line()
    assert 500 < len(steps) < 1300
    assert np.all(np.diff(steps) > 0)
    assert steps[0] < 200
    assert steps[-1] > 99_800
    assert values.mean() == pytest.approx(4.5, abs=0.1)
    assert series.last == 0.0


def test_curves_are_those_of_the_records_terms_and_scores_among_them(tmp_path):
    terms = {"d/adversarial": 0.5, "d/r1": 0.1, "d/gradient_norm": 3.0, "score/pixels-mind": 0.7}
    (tmp_path / "log.jsonl").write_bytes(line(1) + line(2, **terms))
    log = RunLog(tmp_path)
    log.read()
    curves = {curve.title: curve for curve in log.curves()}
    assert list(curves) == ["Losses", "Terms of the discriminator", "Equilibrium", "Diversity", "Score on the way"]
    assert list(curves["Terms of the discriminator"].lines) == ["adversarial", "r1"]
    assert log.scores() == ["score/pixels-mind"]


@pytest.mark.parametrize(("equilibrium", "shown"), [(None, "?"), (0.8, "80 %"), (0.01, "1 %")])
def test_the_gauge_is_drawn_with_its_number(equilibrium, shown):
    drawn = gauge.drawing(equilibrium, "Both learn")
    assert "Both learn" in drawn
    assert f">{shown}</text>" in drawn
    assert ("class='value'" in drawn) == (equilibrium is not None)
