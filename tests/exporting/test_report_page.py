"""The report of an evaluation, from plain values: what it says, how it judges, and that it needs nothing but itself."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from ganvas.exporting.report import answers, verdicts
from ganvas.exporting.report.charts import distributions, lines, plane
from ganvas.exporting.report.classes import class_rows, confusions, matrix
from ganvas.exporting.report.contents import (
    Contents,
    Copies,
    Curve,
    Earlier,
    Measure,
    Neighbour,
    Obedience,
    Point,
    Row,
    lead,
    measure_of,
)
from ganvas.exporting.report.page import report_html
from ganvas.exporting.report.scales import REAL, place, scale

HOSTILE = "<script>alert('x')</script>"


class Page(HTMLParser):
    """Collects the elements of a page, and the text outside of its style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "elements are nested"

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data.strip())

    @property
    def text(self):
        return " ".join(word for word in self.words if word)

    def of(self, tag, kind=None):
        return [
            found for name, found in self.elements if name == tag and kind in (None, *found.get("class", "").split())
        ]


def measure(metric, value, floor, ceiling, lower=False, interval=None, **about):
    share = not lower
    protocol = f"classifier-1a2b3c4d-{metric}500"
    return Measure(
        protocol, metric, f"What {metric} is.", value, floor, ceiling, lower, 500, 4000, share, interval, **about
    )


def copies(num=0, share_of=500, **about):
    values = {"expected": 1.0, "by_chance": 6, "authenticity": 0.6, "held_out_authenticity": 0.61, "statistic": -0.5}
    real = np.linspace(0.3, 1, 500)
    return Copies(real[:share_of], real, num, **(values | {"gap": 0.01} | about))


MEASURES = (
    measure("accuracy", 0.95, 0.99, 0.1),
    measure("k3-precision", 0.85, 0.9, 0.0, interval=(0.83, 0.87)),
    measure("k3-recall", 0.6, 0.9, 0.0),
    measure("k5-coverage", 0.85, 0.95, 0.0),
    measure("kid", 0.02, -0.001, 5.0, lower=True),
    measure("fid", 0.8, 0.1, 100.0, lower=True, interval=(0.7, 0.9)),
)
CONFUSION = np.array([[90, 10, 0], [0, 100, 0], [5, 25, 70]])
OBEDIENCE = Obedience(("cat", "dog", "owl"), CONFUSION, np.array([[99, 1, 0], [0, 98, 2], [0, 3, 97]]))


def contents(**changes):
    pixels = np.arange(12 * 4 * 4 * 3, dtype=np.uint8).reshape(12, 4, 4, 3)
    steps = np.arange(1.0, 401)
    values = {
        "title": "my-run",
        "subtitle": "compact, 4x4 colour",
        "dataset": "pets",
        "content_hash": "abcdef0123456789",
        "facts": {"recipe": "`compact`"},
        "measures": MEASURES,
        "cautions": ("They tell this, not that.",),
        "obedience": OBEDIENCE,
        "copies": copies(7),
        "audit": {"C_T": "-0.5"},
        "earlier": (Earlier("step 100", 1.5, (1.4, 1.6)),),
        "rows": tuple(Row(name, pixels[:5]) for name in OBEDIENCE.classes),
        "neighbours": tuple(
            Neighbour(pixels[i], (pixels[i + 1], pixels[i + 2]), f"Nearness 0.{i}.", i == 0) for i in (0, 1)
        ),
        "plane": (
            Point("noise", 0.0, 0.0, "noise"),
            Point("real images", 0.9, 0.9, "real"),
            Point("step 100", 0.5, 0.7, "earlier"),
            Point("this model", 0.6, 0.85, "model"),
        ),
        "curves": (Curve("Losses", "of each", {"d": (steps, np.sin(steps)), "g": (steps, np.cos(steps))}),),
        "settings": {"training.seed": "`0`"},
        "card": {"licences": "CC-BY-4.0 (5)"},
    }
    return Contents(**(values | changes))


@pytest.fixture(scope="module")
def page():
    return Page(report_html(contents()))


def test_it_needs_no_network_and_no_script(page):
    assert not page.of("script")
    assert not page.of("link")
    pictures = page.of("img")
    assert len(pictures) >= 3 * 5 + 2 * 3
    assert all(picture["src"].startswith("data:image/png;base64,") for picture in pictures)
    policy = next(found["content"] for found in page.of("meta") if "http-equiv" in found)
    assert policy.startswith("default-src 'none'")
    assert "http" not in re.sub("http-equiv", "", report_html(contents())).replace("https://", "http")


def test_elements_are_closed(page):
    assert page.open == []


def test_it_begins_with_the_six_questions_and_their_rules(page):
    found = answers.answers(contents())
    places = [page.text.index(answer.question) for answer in found]
    assert len(places) == 6
    assert all(one < other for one, other in pairwise(places))
    assert max(places) < page.text.index("Scores, between noise and real images")
    for answer in found:
        assert answer.verdict in page.text
        assert answer.rule.replace("`", "").split(":")[0] in page.text


def test_every_score_stands_beside_real_images_and_noise(page):
    for found in MEASURES:
        for words in (
            found.protocol,
            f"real images {found.figure(found.floor)}",
            f"noise {found.figure(found.ceiling)}",
        ):
            assert words in page.text
    assert "83.00% to 87.00%" in page.text
    assert "They tell this, not that." in page.text


def test_classes_pictures_neighbours_and_curves_are_there(page):
    assert len(page.of("td", "right")) == 3
    assert len(page.of("td", "wrong")) == 6
    assert len(page.of("div", "row")) == 3
    assert len(page.of("li", "pair")) == 2
    assert len(page.of("li", "suspect")) == 1
    assert len(page.of("polyline")) == 2 + 1, "two losses, and the way to this model"
    assert "CC-BY-4.0 (5)" in page.text
    assert "training.seed" in page.text


def test_names_from_elsewhere_are_text():
    named = OBEDIENCE._replace(classes=(HOSTILE, "dog", "owl"))
    hostile = contents(
        title=HOSTILE,
        obedience=named,
        rows=tuple(Row(HOSTILE, row.images) for row in contents().rows),
        plane=(*contents().plane[:3], Point(HOSTILE, 0.5, 0.5, "model")),
        earlier=(Earlier(HOSTILE, 0.5),),
        settings={HOSTILE: f"`{HOSTILE}`"},
        curves=(Curve(HOSTILE, HOSTILE, contents().curves[0].lines),),
    )
    text = report_html(hostile)
    assert "<script" not in text
    assert Page(text).open == []


def test_what_keeps_an_image_from_being_good_is_told():
    """Of MEASURES the precision is as good as real, the distance eight times theirs."""
    found = answers.good(MEASURES)
    assert (found.verdict, found.number) == ("Nearly", "8 times real")
    assert "It is the distance that keeps the answer from being better." in found.words
    precise = answers.good(tuple(one._replace(value=0.5) if one.metric == "k3-precision" else one for one in MEASURES))
    assert (precise.verdict, precise.number) == ("Not yet", "50.00%")
    assert "keeps" not in precise.words


@pytest.mark.parametrize(("statistic", "words"), [(-1.3, "about as near"), (-3.1, "nearer to"), (40, "farther from")])
def test_the_statistic_of_copying_is_told_only_where_it_tells(statistic, words):
    told = answers.copied(copies(2, statistic=statistic)).words
    assert f"On the whole its images lie {words}" in told
    assert "no nearer to a training image than that is to the next one" in told


def test_little_is_enough_for_a_page():
    bare = Contents("run", "", "", "ab", {}, (measure("mind", 2.0, 1.0, 9.0, lower=True),))
    page = Page(report_html(bare))
    assert not page.of("svg")
    assert not page.of("img")
    for words in ("Nothing was asked", "Nothing to compare", "The audit of copies was not made"):
        assert words in page.text


@pytest.mark.parametrize(("num", "label", "other"), [(4, "Nearest.", "Suspect."), (7, "Suspect.", "Nearest.")])
def test_single_images_are_suspects_only_where_the_audit_points_at_copies(num, label, other):
    """Six suspects of 500 are what chance gives."""
    found = Page(report_html(contents(copies=copies(num))))
    assert label in found.text
    assert other not in found.text
    assert len(found.of("li", "suspect")) == (num == 7)
    assert (answers.copied(copies(num)).number == "") == (num == 4)
    assert "standard errors, called C_T" in found.text


# What the numbers cannot tell


def changed(**values):
    """Return MEASURES with some of their values changed, by metric."""
    return tuple(one._replace(**values.get(one.metric.replace("-", "_"), {})) for one in MEASURES)


POOR_PHOTOS = (
    measure("accuracy", 1.0, 0.85, 0.1625, interval=(0.9542, 1.0), chance=1 / 3),
    measure("k3-precision", 0.9125, 0.6375, 0.425, interval=(0.8302, 0.957)),
    measure("k3-recall", 0.3981, 0.8827, 0.1605, interval=(0.3159, 0.4804)),
    measure("k5-coverage", 0.4938, 0.6111, 0.0093, interval=(0.4079, 0.5798)),
    measure("fid", 3.641, 0.7543, 96.32, lower=True, interval=(0.0, 7.428)),
    measure("mind", 4.683, 20.79, 298.9, lower=True, interval=(0.8519, 8.513)),
)
"""Of blurred blobs after 200 steps on 324 pictures, where 80 were held out."""


def test_blobs_that_beat_real_images_are_not_praised():
    few = tuple(one._replace(num_samples=80, protocol=one.protocol.replace("500", "80")) for one in POOR_PHOTOS)
    found = answers.answers(contents(measures=few))
    assert [answer.verdict for answer in found[:3]] == ["Cannot be told", "No", "Cannot be told"]
    assert [answer.mark for answer in found[:3]] == ["unknown", "poor", "unknown"]
    for words in (
        "only 80 images are held out",
        "`k3-precision` is better than that of real images (91.25%, theirs 63.75%)",
        "`mind` is better than that of real images",
        "`k3-precision` can hardly tell noise from pictures (noise 42.50%, real images 63.75%)",
        "Look at the images yourself; prepare more pictures",
        "--features",
        "Measured: 91.25% of its images look like real ones",
    ):
        assert words in found[0].words
    assert found[0].number == ""
    assert "Cannot be told" in found[0].rule
    assert answers.good(POOR_PHOTOS).verdict == "Cannot be told", "nor are they with enough held-out images"


@pytest.mark.parametrize(
    ("changes", "expected", "reason"),
    [
        ({}, "Nearly", ""),
        ({"k3_precision": {"num_samples": 99}}, "Cannot be told", "only 99 images"),
        ({"k3_precision": {"num_samples": 100}}, "Nearly", ""),
        ({"k3_precision": {"floor": 0.69}}, "Cannot be told", "`k3-precision` is better"),
        ({"k3_precision": {"floor": 0.70}}, "Nearly", ""),
        ({"fid": {"floor": 1.09}}, "Cannot be told", "`fid` is better"),
        ({"fid": {"floor": 1.07}}, "Yes", ""),
        ({"k3_precision": {"ceiling": 0.54}}, "Cannot be told", "hardly tell noise"),
        ({"k3_precision": {"ceiling": 0.53}}, "Nearly", ""),
        ({"fid": {"ceiling": 1.0}}, "Cannot be told", "`fid` can hardly tell noise"),
        ({"k3_precision": {"interval": (0.6, 1.05)}}, "Cannot be told", "the error of `k3-precision`"),
        ({"accuracy": {"floor": 0.54, "chance": 0.1}}, "Cannot be told", "knows only 54.00%"),
        ({"accuracy": {"floor": 0.56, "chance": 0.1}}, "Nearly", ""),
        ({"k3_precision": {"value": 0.2, "num_samples": 50, "interval": (0.1, 0.3)}}, "Not yet", ""),
        ({"k3_precision": {"value": 0.2, "num_samples": 50, "interval": (0.1, 0.6)}}, "Cannot be told", "only 50"),
    ],
)
def test_good_cannot_be_told_where_the_rules_say_so(changes, expected, reason):
    found = answers.good(changed(**changes))
    assert found.verdict == expected
    assert reason in found.words
    assert bool(found.doubts) == (expected == "Cannot be told")


def test_a_classifier_that_guesses_is_no_judge_of_other_features():
    weak = changed(accuracy={"floor": 0.2, "value": 0.2, "chance": 0.1})
    others = [one._replace(protocol=one.protocol.replace("classifier-1a2b3c4d", "colour-99999999")) for one in weak[1:]]
    assert answers.good((weak[0], *others)).verdict == "Nearly"
    assert answers.as_asked((weak[0], *others), OBEDIENCE).verdict == "Cannot be told"


def test_good_runs_keep_their_answers():
    """Of handwritten digits at 28 pixels, 10,000 held out, and at 16, 359 held out."""
    mnist = (
        measure("accuracy", 0.9977, 0.9936, 0.0959, interval=(0.9966, 0.9985), chance=0.1),
        measure("k3-precision", 0.8827, 0.881, 0.0, interval=(0.8762, 0.8889)),
        measure("k3-recall", 0.7916, 0.862, 0.0, interval=(0.7783, 0.8049)),
        measure("fid", 0.1718, 0.04631, 235.4, lower=True, interval=(0.1195, 0.2241)),
        measure("mind", 0.3374, 0.1629, 663.2, lower=True, interval=(0.231, 0.4438)),
    )
    digits = (
        measure("accuracy", 1.0, 0.9861, 0.1031, interval=(0.9894, 1.0), chance=0.1),
        measure("k3-precision", 0.8245, 0.8552, 0.0, interval=(0.7818, 0.8604)),
        measure("k3-recall", 0.7823, 0.8985, 0.0313, interval=(0.7435, 0.8212)),
        measure("fid", 0.8867, 0.3076, 163.7, lower=True, interval=(0.2662, 1.507)),
        measure("kid", 0.002848, -0.02747, 57.1, lower=True, interval=(-0.03258, 0.03828)),
        measure("mind", 2.666, 1.301, 428.3, lower=True, interval=(1.025, 4.307)),
    )
    assert [answer.verdict for answer in answers.answers(contents(measures=mnist))[:3]] == ["Nearly", "Yes", "Yes"]
    assert [answer.verdict for answer in answers.answers(contents(measures=digits))[:3]] == ["Nearly", "Mostly", "Yes"]


# The rules by which values become words


def judged(**changes):
    """Return the verdicts of measures whose values are changed by name."""
    found = [one._replace(value=changes.get(one.metric.replace("-", "_"), one.value)) for one in MEASURES]
    return [answer.verdict for answer in answers.answers(contents(measures=tuple(found)))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"k3_precision": 0.81, "fid": 0.2}, "Yes"),
        ({"k3_precision": 0.80, "fid": 0.2}, "Nearly"),
        ({"k3_precision": 0.81, "fid": 0.21}, "Nearly"),
        ({"k3_precision": 0.55, "fid": 1.0}, "Nearly"),
        ({"k3_precision": 0.53, "fid": 0.2}, "Not yet"),
        ({"k3_precision": 0.81, "fid": 1.1}, "Not yet"),
    ],
)
def test_good_is_as_near_to_real_images_as_the_rule_says(changes, expected):
    assert judged(**changes)[0] == expected


@pytest.mark.parametrize(
    ("recall", "coverage", "expected"),
    [(0.82, 0.86, "Yes"), (0.82, 0.85, "Mostly"), (0.55, 0.86, "Mostly"), (0.53, 0.86, "No"), (0.82, 0.5, "No")],
)
def test_diverse_is_the_worse_of_recall_and_coverage(recall, coverage, expected):
    assert judged(k3_recall=recall, k5_coverage=coverage)[1] == expected


@pytest.mark.parametrize(("accuracy", "expected"), [(0.9703, "Yes"), (0.97, "Mostly"), (0.8, "Mostly"), (0.79, "No")])
def test_as_asked_is_judged_beside_real_images(accuracy, expected):
    assert judged(accuracy=accuracy)[2] == expected


def test_the_weakest_class_is_named():
    words = answers.as_asked(MEASURES, OBEDIENCE).words
    assert "Weakest is `owl` with 70.0%, taken most often for `dog`." in words
    perfect = OBEDIENCE._replace(generated=np.diag([5, 0, 5]))
    assert "Weakest" not in answers.as_asked(MEASURES, perfect).words


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (copies(0), "No sign of it"),
        (copies(6), "No sign of it"),
        (copies(7), "Yes, some"),
        (copies(7, by_chance=6)._replace(generated=np.ones(5000)), "Perhaps"),
        (copies(0, authenticity=0.5), "No sign of it"),
        (copies(0, statistic=-9.0), "No sign of it"),
        (copies(0, authenticity=0.5, statistic=-3.0), "Perhaps"),
    ],
)
def test_copies_are_judged_by_what_chance_gives(found, expected):
    assert answers.copied(found).verdict == expected


@pytest.mark.parametrize(
    ("value", "interval", "other", "expected"),
    [
        (1.0, (0.9, 1.1), Earlier("a", 1.5, (1.2, 1.8)), "Better"),
        (1.0, (0.9, 1.3), Earlier("a", 1.5, (1.2, 1.8)), "Not told apart"),
        (2.0, (1.9, 2.1), Earlier("a", 1.5, (1.2, 1.8)), "Worse"),
        (1.0, None, Earlier("a", 1.04), "Not told apart"),
        (1.0, None, Earlier("a", 1.06), "Better"),
        (1.0, None, Earlier("a", 0.94), "Worse"),
    ],
)
def test_better_needs_intervals_apart(value, interval, other, expected):
    fid = measure("fid", value, 0.1, 9.0, lower=True, interval=interval)
    assert answers.better(fid, (other,)).verdict == expected
    share = measure("k3-recall", -value, 0.1, 9.0, interval=interval and (-interval[1], -interval[0]))
    flipped = Earlier("a", -other.value, other.interval and (-other.interval[1], -other.interval[0]))
    assert answers.better(share, (flipped,)).verdict == expected, "the same, where higher is better"


def test_better_is_told_against_the_best_of_the_earlier_ones():
    fid = measure("fid", 1.0, 0.1, 9.0, lower=True)
    found = answers.better(fid, (Earlier("first", 3.0), Earlier("best", 0.5), Earlier("last", 2.0)))
    assert found.verdict == "Worse"
    assert "best, the best of 3 others, has 0.5" in found.words


def test_the_leading_distance_and_names_of_measures():
    assert lead(MEASURES).metric == "fid"
    assert lead(MEASURES[:-1]).metric == "kid"
    assert lead(MEASURES[:4]) is None
    assert measure_of(MEASURES, "recall").metric == "k3-recall"
    assert measure_of(MEASURES, "call") is None
    assert verdicts.worst([]) == "unknown"
    assert verdicts.worst(["good", "poor", "fair"]) == "poor"


# Bars, tables and drawings


def test_bars_reach_from_noise_to_real_images():
    share = measure("k3-recall", 0.5, 0.9, 0.1)
    assert place(share, 0.1) == 0
    assert place(share, 0.9) == REAL
    assert place(share, 0.5) == pytest.approx(REAL / 2)
    assert place(share, 5.0) == 1
    fid = measure("fid", 1.0, 0.1, 10.0, lower=True)
    assert place(fid, 1.0) == pytest.approx(REAL / 2), "half way in logarithms"
    assert place(fid, 99.0) == 0
    unbiased = measure("kid", 0.1, -0.01, 1.0, lower=True)
    assert place(unbiased, 0.1) == pytest.approx(REAL / 5), "below 0 is drawn at 1e-5 of noise"
    either = measure("authenticity", 0.7, 0.6, 1.0, floor_is_best=True)
    assert place(either, 0.7) == pytest.approx(place(either, 0.5)) == pytest.approx(0.75 * REAL)
    assert scale(MEASURES[-1]).interval == tuple(sorted(100 * place(MEASURES[-1], end) for end in (0.7, 0.9)))


def test_classes_are_counted():
    rows = class_rows(OBEDIENCE, (0.5, None, 1.5))
    assert [(row.num, row.seen, row.taken_for, row.distance) for row in rows] == [
        (100, 0.9, "dog", 0.5),
        (100, 1.0, "", None),
        (100, 0.7, "dog", 1.5),
    ]
    assert rows[0].real == pytest.approx(99 / 100)
    assert [(found.asked, found.seen, found.share) for found in confusions(OBEDIENCE)] == [
        ("owl", "dog", 0.25),
        ("cat", "dog", 0.1),
        ("owl", "cat", 0.05),
    ]
    many = Obedience(tuple(map(str, range(40))), np.eye(40, dtype=int), np.eye(40, dtype=int))
    assert matrix(many) == ""
    assert ">25.0<" in matrix(OBEDIENCE)


def points_of(svg, kind):
    found = re.search(f"class='{kind}' points='([^']*)'", svg)
    return np.array([pair.split(",") for pair in found[1].split()], float)


def test_lines_keep_the_course_of_long_logs():
    steps = np.arange(1.0, 10_001)
    drawn = points_of(lines(Curve("a", "b", {"x": (steps, steps)}, (0, 10_000))), "line0")
    assert 100 < len(drawn) <= 170
    assert (np.diff(drawn[:, 1]) < 0).all(), "up is less in SVG"
    np.testing.assert_allclose(np.diff(drawn[:, 1]), np.diff(drawn[:, 1]).mean(), atol=0.2)
    assert "circle" in lines(Curve("a", "b", {"x": (np.array([5.0]), np.array([1.0]))}))
    assert lines(Curve("a", "b", {})) == ""


def test_the_plane_places_points_and_the_way_there():
    svg = plane(contents().plane)
    way = points_of(svg, "way")
    assert len(way) == 2
    assert way[1][0] > way[0][0], "more recall is more to the right"
    assert way[1][1] < way[0][1], "more precision is further up"
    assert svg.count("<title>") == 4


def test_distributions_have_equal_areas():
    draw = np.random.default_rng(0)
    svg = distributions({"a": draw.random(1000), "b": draw.random(50)}, "nearness")
    areas = []
    for kind in ("area0", "area1"):
        drawn = points_of(svg, kind)[:-2]
        areas.append(np.trapezoid(150 - drawn[:, 1], drawn[:, 0]))
    assert areas[0] == pytest.approx(areas[1], rel=0.02)
