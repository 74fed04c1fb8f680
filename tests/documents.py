"""The documents as readers see them: their links, their anchors, and the commands that are marked as runnable."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks" / "README.md"])
RUNNABLE = "<!-- runnable -->"
"""Stands before a fenced block that the tests run; a reader never sees it."""

_FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^<!-- row: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_MARKED = re.compile(rf"^{RUNNABLE}\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code that is run."""

    language: str
    code: str


def prose(document: Path) -> str:
    """Return a document's text without its blocks of code and its comments."""
    return re.sub(r"<!--.*?-->", "", _FENCED.sub("", document.read_text(encoding="utf-8")), flags=re.DOTALL)


def links(document: Path) -> list[str]:
    """Return where a document's links and pictures lead, as written."""
    return _LINK.findall(re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", prose(document)))


def anchors(document: Path) -> set[str]:
    """Return the names by which a document's headings are linked to, as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(document)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        same = sum(name == other or re.fullmatch(rf"{re.escape(name)}-\d+", other) is not None for other in found)
        found.add(f"{name}-{same}" if same else name)
    return found


def files(document: Path) -> dict[str, str]:
    """Return the blocks of a document that a reader puts into a file, by the file's name."""
    return dict(_FILE.findall(document.read_text(encoding="utf-8")))


def rows(document: Path) -> dict[str, str]:
    """Return the blocks of a document that a reader adds to a table, by the file that holds it."""
    return dict(_ROW.findall(document.read_text(encoding="utf-8")))


def runnable(document: Path) -> list[Block]:
    """Return the marked blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    blocks = [Block(*found) for found in _MARKED.findall(text)]
    marks = re.findall(rf"^\s*{RUNNABLE}", text, re.MULTILINE)
    assert len(blocks) == len(marks), f"{document}: `{RUNNABLE}` stands alone on the line before a block"
    return blocks
