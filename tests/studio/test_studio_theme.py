"""The look: one palette for reports and studio, readable in light and dark."""

import re

import pytest

from ganvas.studio import theme

STYLE = theme._STUDIO.read_text()


def colours(declarations):
    return dict(re.findall(r"--([a-z]+):\s*(#[0-9a-f]{6})", declarations))


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


LIGHT, DARK = map(colours, theme.palettes())
MORE_LIGHT, MORE_DARK = map(colours, re.findall(r"\{ (--third[^}]*)\}", STYLE))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
def test_words_are_readable(palette, ground):
    for name in ("ink", "quiet", "mark", "warn"):
        assert contrast(palette[name], palette[ground]) >= 4.5, name
    assert contrast(palette["paper"], palette["mark"]) >= 4.5, "words on the primary button"


@pytest.mark.parametrize(("palette", "more"), [(LIGHT, MORE_LIGHT), (DARK, MORE_DARK)], ids=["light", "dark"])
def test_lines_of_charts_are_seen(palette, more):
    assert len(more) == 4
    for name, colour in more.items():
        assert contrast(colour, palette["card"]) >= 3, name


def test_nothing_is_asked_of_the_network():
    assert "http" not in STYLE
    assert "@import" not in STYLE
    assert "url(" not in STYLE
