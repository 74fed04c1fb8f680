"""Curves as a picture of their own: well-formed, legible in both schemes, values at their places."""

from xml.etree import ElementTree

import pytest

from ganvas.exporting.curve_picture import COLOURS, curve_picture

SVG = "{http://www.w3.org/2000/svg}"


def polylines(picture: str) -> list[list[tuple[float, float]]]:
    root = ElementTree.fromstring(picture)
    drawn = [line.attrib["points"].split() for line in root.iter(f"{SVG}polyline")]
    return [[tuple(float(number) for number in place.split(",")) for place in places] for places in drawn]


def test_values_stand_at_their_places() -> None:
    picture = curve_picture("Shares", {"rising": [(1, 0.0), (2, 0.5), (3, 1.0)], "flat": [(1, 0.5), (3, 0.5)]}, (0, 1))
    rising, flat = polylines(picture)
    assert [x for x, _ in rising] == sorted(x for x, _ in rising)
    assert rising[1][0] == pytest.approx((rising[0][0] + rising[2][0]) / 2, abs=0.1)
    assert rising[0][1] > rising[1][1] > rising[2][1], "upwards is a smaller y"
    assert [y for _, y in flat] == [rising[1][1]] * 2
    beyond = polylines(curve_picture("Shares", {"rising": [(1, -1.0), (2, 0.5), (3, 9.0)]}, (0, 1)))[0]
    assert beyond == rising


def test_names_are_words_not_markup() -> None:
    picture = curve_picture("a < b & 'c'", {"<script>": [(1, 2.0), (2, 3.0)]})
    root = ElementTree.fromstring(picture)
    assert {"a < b & 'c'", "<script>"} <= {text.text for text in root.iter(f"{SVG}text")}
    assert root.attrib["aria-label"] == "a < b & 'c'"
    assert not list(root.iter(f"{SVG}script"))


def test_every_colour_is_there_in_both_schemes() -> None:
    picture = curve_picture("Many", {str(index): [(1, index), (2, index)] for index in range(len(COLOURS))})
    light, dark = picture.split("prefers-color-scheme: dark")
    for index in range(len(COLOURS)):
        assert f".line{index} {{" in light
        assert f".line{index} {{" in dark
    assert "class='paper'" in picture


def test_a_long_training_makes_no_long_file() -> None:
    curves = {name: [(step, step % 7) for step in range(20_000)] for name in "ab"}
    assert len(curve_picture("Long", curves)) < 30_000
