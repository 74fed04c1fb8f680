"""The gauge of a game as a picture: how near it is to equilibrium. Its words are those of training/standing.py."""

from math import cos, pi, sin

from markupsafe import Markup


def drawing(equilibrium: float | None, words: str) -> Markup:
    """Return the gauge as inline SVG: a half circle from 0, the discriminator always tells, to 1, it never can."""
    value = min(1.0, max(0.0, equilibrium or 0.0))
    shown = "?" if equilibrium is None else f"{100 * value:.0f} %"
    end_x, end_y = 70 - 52 * cos(pi * value), 70 - 52 * sin(pi * value)
    arc = "" if equilibrium is None else f"<path class='value' d='M18,70A52,52 0 0 1 {end_x:.1f},{end_y:.1f}'/>"
    return Markup(
        "<svg class='gauge' viewBox='0 0 140 92' role='img' aria-label='{label}'><path class='track' "
        "d='M18,70A52,52 0 0 1 122,70'/>{arc}<text x='70' y='66' text-anchor='middle'>{shown}</text>"
        "<text class='small' x='18' y='86' text-anchor='middle'>D wins</text>"
        "<text class='small' x='122' y='86' text-anchor='middle'>even</text></svg>"
    ).format(label=f"Equilibrium {shown}. {words}", arc=Markup(arc), shown=shown)  # noqa: S704  (two numbers)
