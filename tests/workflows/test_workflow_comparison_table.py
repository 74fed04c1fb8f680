"""The table of a comparison: readable on a terminal of 120 columns, with the protocols below."""

import pytest

from ganvas.metrics import METRICS
from ganvas.metrics.protocol import Score
from ganvas.workflows.comparison import Comparison, Contestant
from ganvas.workflows.score_table import NARROW, Scores, direction, figure, heads, leaders

VALUES = {
    "accuracy": (0.9951, 0.9936, False),
    "k3-precision": (0.8659, 0.8767, False),
    "k3-recall": (0.7214, 0.8614, False),
    "k5-density": (0.9721, 1.0015, False),
    "k5-coverage": (0.8981, 0.9586, False),
    "fid": (0.332, 0.04631, True),
    "kid": (0.01573, 0.0003276, True),
    "mind": (0.6781, 0.1629, True),
}


def score(metric, value=None, network="classifier-ce5ff304", **about):
    usual, floor, lower = VALUES[metric]
    return Score(
        protocol=f"{network}-{metric}10000",
        metric=metric,
        value=usual if value is None else value,
        floor=floor,
        ceiling=200.0 if lower else 0.0,
        lower_is_better=lower,
        num_samples=10_000,
        num_reference=60_000,
        caution="",
        **about,
    )


def comparison(scores, names=("compact", "r3gan_small")):
    about = {"steps": 1730, "images": 110_720, "seconds": 300.0}
    sizes = {"generator_parameters": 1_334_211, "discriminator_parameters": 2_474_001}
    played = [Contestant(recipe=name, scores=tuple(scores), **about, **sizes) for name in names]
    findings = ("discriminator_wins",)
    contestants = (
        *(one.model_copy(update={"findings": findings}) for one in played),
        Contestant(recipe="acgan_mnist", outcome="refused", problem="It takes images of 28 pixels."),
    )
    return Comparison(data="data/mnist", content_hash="ab", minutes=5, steps=None, contestants=contestants)


@pytest.mark.parametrize("count", [5, 6, 7, 8])
def test_five_to_eight_metrics_fit_a_terminal(count):
    scores = [score(metric) for metric in list(VALUES)[:count]]
    text = comparison(scores).text()
    assert max(map(len, text.splitlines())) <= 120
    for one in scores:
        assert f"{one.metric}  " in text
        assert f"{one.protocol}, {direction(one)}" in text
        assert figure(one, one.value) in text
        assert figure(one, one.floor) in text
    for words in ("not collapsed, D wins", "refused", "real images", "acgan_mnist: It takes images of 28 pixels."):
        assert words in text


def test_few_columns_stay_in_one_block():
    text = comparison([score("fid"), score("mind")]).text()
    heads_found = [line for line in text.splitlines() if line.startswith("recipe")]
    assert len(heads_found) == 1
    assert heads_found[0].split() == ["recipe", "steps", "s/1,000", "G", "D", "fid", "mind", "monitor"]


def test_columns_stand_below_their_heads():
    lines = comparison([score(metric) for metric in VALUES]).text().splitlines()
    block = [line for line in lines[lines.index("") + 1 :] if line]
    head = next(number for number, line in enumerate(block) if "accuracy" in line)
    ends = {word: block[head].index(word) + len(word) for word in ("accuracy", "k3-recall", "fid")}
    row = next(line for line in block[head + 1 :] if line.startswith("compact"))
    assert row[: ends["accuracy"]].endswith("99.51%")
    assert row[: ends["k3-recall"]].endswith("72.14%")
    assert row[: ends["fid"]].endswith("0.332")


def test_two_networks_are_told_apart_by_their_heads():
    scores = [score("fid", features="classifier"), score("fid", network="pixels8", features="pixels8"), score("mind")]
    assert list(heads(scores).values()) == ["fid classifier", "fid pixels8", "mind"]


def test_without_scores_there_is_a_table_still():
    text = comparison([]).text()
    assert "compact" in text
    assert "real images" not in text


def test_leaders_are_the_best_and_what_cannot_be_told_from_it():
    fids = [score("fid", 1.0, interval=(0.8, 1.2)), score("fid", 1.3, interval=(1.1, 1.5)), score("fid", 1.6), None]
    assert leaders(fids) == {0, 1}
    assert leaders([score("k3-recall", 0.5), score("k3-recall", 0.7)]) == {1}
    assert leaders([score("fid", 1.0), None]) == frozenset()
    either = [score("accuracy", value, floor_is_best=True) for value in (0.9, 0.99, 1.0)]
    assert leaders(either) == {1}


def test_scores_of_one_model_are_printed_in_80_columns():
    long = max(METRICS, key=len)
    scores = [score(metric, interval=(-0.0325812, 0.0382814)) for metric in VALUES]
    scores.append(
        scores[0].model_copy(update={"metric": long, "value": -1.23456e-5, "interval": (-1.234e-5, 4.321e-5)})
    )
    text = str(Scores(scores))
    assert max(map(len, text.splitlines())) <= NARROW
    head = next(line for line in text.splitlines() if line.startswith("metric"))
    assert head.split() == ["metric", "better", "model", "95", "%", "real", "noise"]
    line = next(line for line in text.splitlines() if line.startswith("k3-precision "))
    assert line.split() == ["k3-precision", "higher", "86.6%", "-3.3%", "to", "3.8%", "87.7%", "0.0%"]
    assert "…" not in text
    for metric in VALUES:
        assert METRICS[metric].summary.split(":")[0].split()[0] in text
    assert "caution=" not in text
    assert "95 %" not in str(Scores([score("fid")]))
    assert Scores(scores) == scores
