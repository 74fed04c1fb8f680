"""No dead link in any document: files, pictures and anchors."""

from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, anchors, links

LARGEST_PICTURE = 40_000  # bytes; older ones are in the list
LARGER = {"cifar-hour.png"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    dead = []
    for link in links(document):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_anchors_are_those_of_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b_c`, [d](e.md)!\n\n## 1. Слои и форма\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n")
    assert anchors(page) == {"a-b_c-d", "1-слои-и-форма", "twice", "twice-1"}


def test_every_picture_of_the_docs_is_shown_and_small() -> None:
    shown = {(document.parent / link).resolve() for document in DOCUMENTS for link in links(document)}
    pictures = [path for path in (ROOT / "docs" / "pictures").rglob("*") if path.suffix in {".png", ".svg", ".webp"}]
    assert pictures
    assert [path.name for path in pictures if path not in shown] == []
    large = {path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE}
    assert large <= LARGER


def test_every_page_of_the_docs_is_in_the_table_of_contents() -> None:
    listed = {(ROOT / "docs" / link).resolve() for link in links(ROOT / "docs" / "index.md")}
    pages = {path for path in (ROOT / "docs").glob("*.md") if path.name != "index.md"}
    assert pages - listed == set()
