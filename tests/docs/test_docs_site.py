"""The site: it builds without a warning, holds every recipe, verb and public name, and needs no network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT

import ganvas
from ganvas.cli.main import VERBS
from ganvas.recipes import RECIPES

pytest.importorskip("sphinx", reason="`pip install -e .[docs]` brings what builds the site")
_ASKED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=["']((?:https?:)?//[^"']+)""", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "docs" / "site"), str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env=os.environ | {"HTTPS_PROXY": "none"}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out / "html"


@pytest.mark.slow
def test_every_recipe_verb_and_public_name_is_there(site: Path) -> None:
    assert [name for name in RECIPES if not (site / "recipes" / f"{name}.html").is_file()] == []
    commands = (site / "commands.html").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f'id="ganvas-{verb}"' not in commands] == []
    reference = (site / "reference.html").read_text(encoding="utf-8")
    assert [name for name in ganvas.__all__ if name != "__version__" and f'id="ganvas.{name}"' not in reference] == []


@pytest.mark.slow
def test_a_page_asks_nothing_of_the_network(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(RECIPES)
    asked = {address for page in pages for address in _ASKED.findall(page.read_text(encoding="utf-8"))}
    assert asked == set()
    styles = "".join(style.read_text(encoding="utf-8") for style in site.rglob("*.css"))
    assert re.findall(r"""(?:@import|url\()\s*["']?(?:https?:)?//""", styles) == []


@pytest.mark.slow
def test_every_recipe_shows_a_picture_or_says_that_it_was_not_trained(site: Path) -> None:
    """None is blank: a picture, or why there is none; its time and its score, or that they were not measured."""
    for name in RECIPES:
        page = (site / "recipes" / f"{name}.html").read_text(encoding="utf-8")
        assert ("recipes/" + name + ".png" in page or f"_images/{name}" in page) != (
            "Not trained here" in page or "no picture of it was kept" in page
        ), name
        assert re.search(r"<strong>Time</strong></p></td>\s*<td><p>\w", page), name
        assert re.search(r"<strong>Score</strong></p></td>\s*<td><p>\w", page), name
