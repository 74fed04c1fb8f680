"""The tutorials run as they stand, show what came out, and say the same in both languages."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import tutorials  # noqa: E402

FOLDER = ROOT / "docs" / "tutorials"
PAGES = sorted(path for path in FOLDER.glob("*.md") if not path.name.endswith(".ru.md"))
PICTURES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".svg", ".png"})
LARGEST = 40_000
"""Bytes of a picture."""
NOT_FROM_BLOCKS = ("step.svg", "book-classes.svg")
"""Ends of names of pictures that were drawn by hand, or from the log of a run too long for a page."""
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def shorter(code: str) -> str:
    """Return a block with one epoch in place of many."""
    return re.sub(r"epochs=\d+", "epochs=1", code)


def shape_of(output: str) -> str:
    """Return printed lines with every number as 0: what another processor prints as well."""
    return re.sub(r" *-?\d[\d,.]*", " 0", output)


@each_page
def test_a_tutorial_runs_with_one_epoch(path: Path, workplace: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert "epochs=" in page
    printed, _ = tutorials.run(page, path.name, shorter)
    assert len(printed) == len(tutorials.code_of(page)) > 8
    shown = {picture.name for picture in tutorials.pictures_of(path) if not picture.name.endswith(NOT_FROM_BLOCKS)}
    assert shown <= {file.name for file in workplace.iterdir()}


@pytest.mark.slow
@each_page
def test_a_tutorial_prints_what_the_page_shows(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    printed, _ = tutorials.run(page, path.name)
    assert [shape_of(output) for output in printed] == [shape_of(output) for output in tutorials.outputs_of(page)]


def test_outputs_are_written_below_their_blocks() -> None:
    page = "# A\n\n```python\nx = 1\n```\n\nWords.\n\n```python\nprint(x)\n```\n\n```text\nold\n```\n\nMore.\n"
    printed, names = tutorials.run(page, "a.md")
    assert (printed, names["x"]) == (["", "1\n"], 1)
    assert tutorials.outputs_of(page) == ["", "old\n"]
    written = tutorials.with_outputs(page, printed)
    assert written == page.replace("old", "1")
    assert tutorials.with_outputs(page.replace("\n\n```text\nold\n```", ""), printed) == written


def test_an_error_names_the_line_of_the_page() -> None:
    with pytest.raises(NameError) as raised:
        tutorials.run("Words.\n\n```python\nx = 1\nnothing\n```\n", "a.md")
    assert raised.traceback[-1].lineno == 4  # counted from 0


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: f"{picture.parent.name}/{picture.name}")
def test_pictures_are_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size < LARGEST
    page = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob(f"{picture.parent.name}*.md"))
    assert f"({picture.parent.name}/{picture.name})" in page
    if picture.suffix == ".svg":
        root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
        assert {element.tag.rpartition("}")[2] for element in root.iter()}.isdisjoint({"script", "image", "use"})
        assert "prefers-color-scheme: dark" in picture.read_text(encoding="utf-8")
