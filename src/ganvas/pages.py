"""Pages for people: one HTML file that needs no network and runs no script, in one style for light and dark."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from ganvas.images import Pixels, png_bytes

STYLE = Path(__file__).with_name("pages.css")
"""What all pages share: colours, type, tables, tiles, pictures. A page's own template adds what only it has."""
THUMBNAIL = 96
"""Pixels; larger pictures are shown by every n-th of their pixels."""


def render(package: str, template: str, **content: Any) -> str:  # noqa: ANN401
    """Return the page of a template that lies in `package`; what stands between backticks is `code` by that filter."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda value: f"{value:,}"
    environment.filters["code"] = with_code
    style = Markup(STYLE.read_text(encoding="utf-8"))  # noqa: S704 (our own file)
    return environment.get_template(template).render(content, style=style)


def data_address(image: Pixels, largest: int = THUMBNAIL) -> str:
    """Return one image [H, W, C] as a `data:` address, thinned out to about `largest` pixels."""
    step = max(1, max(image.shape[:2]) // largest)
    small = np.ascontiguousarray(image[::step, ::step])
    return "data:image/png;base64," + base64.b64encode(png_bytes(small)).decode()


def with_code(words: str) -> Markup:
    """Return text as HTML, with what stands between backticks as code."""
    pieces = enumerate(words.split("`")) if words.count("`") % 2 == 0 else [(0, words)]
    return Markup("").join(Markup("<code>{}</code>").format(piece) if index % 2 else piece for index, piece in pieces)
