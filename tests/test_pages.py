"""Pages: pictures as addresses, code in words, one style."""

import base64
import io

import numpy as np
from PIL import Image

from ganvas.pages import STYLE, data_address, with_code


def test_a_picture_becomes_an_address_that_holds_its_pixels():
    picture = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    head, _, content = data_address(picture).partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_a_large_picture_is_thinned_out():
    content = data_address(np.zeros((400, 200, 1), np.uint8), largest=100).partition(",")[2]
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.size == (50, 100)


def test_words_between_backticks_are_code_and_nothing_in_them_is_markup():
    assert with_code("say `<b>` & go") == "say <code>&lt;b&gt;</code> &amp; go"
    assert with_code("one ` alone <i>") == "one ` alone &lt;i&gt;"


def test_the_style_fetches_nothing():
    style = STYLE.read_text()
    assert "prefers-color-scheme: dark" in style
    for word in ("http", "url(", "@import", "</"):
        assert word not in style
