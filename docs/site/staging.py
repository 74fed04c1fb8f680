"""Lays out the pages that Sphinx reads: of `docs/`, of the rest of the repository, and those made from sources."""

import re
from pathlib import Path, PurePosixPath

import made_pages
from contents import with_contents

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PLACES = {
    "benchmarks/README.md": "benchmarks.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
    "examples": "examples.md",
    "examples/networks": "examples.md",
}
"""Files and folders outside `docs/` that pages link to, and the page of the site that shows them."""

_LINK = re.compile(r"(?<=\]\()([^)#\s]+)")


def stage(source: Path) -> None:
    """Make folder `source` hold every page of the site and its pictures, and nothing else; what is alike is kept."""
    pages = {page.relative_to(DOCS).as_posix(): page for page in sorted(DOCS.rglob("*.md"))}
    pages |= {place: REPOSITORY / origin for origin, place in PLACES.items() if origin.endswith(".md")}
    pages["index.md"] = DOCS / "index.md"
    texts = {place: relinked(origin.read_text(encoding="utf-8"), origin, place) for place, origin in pages.items()}
    texts |= made_pages.write()
    texts["index.md"] = with_contents(texts["index.md"], [place.removesuffix(".md") for place in pages])
    wanted = {source / place: text.encode() for place, text in texts.items()}
    pictures = [path for path in DOCS.rglob("*") if path.suffix in {".png", ".svg", ".webp"}]
    wanted |= {source / path.relative_to(DOCS): path.read_bytes() for path in pictures}
    if source.is_dir():
        for old in [path for path in source.rglob("*") if path.is_file() and path not in wanted]:
            old.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def relinked(text: str, origin: Path, place: str) -> str:
    """Return a page's text with its links leading to pages of the site; raise where no page shows what one leads to."""
    return _LINK.sub(lambda found: _link(found[1], origin, place), text)


def _link(link: str, origin: Path, place: str) -> str:
    if "://" in link or link.startswith("mailto:"):
        return link
    target = (origin.parent / link).resolve()
    inside = target.relative_to(REPOSITORY).as_posix()
    above = (PLACES.get(folder.as_posix()) for folder in (PurePosixPath(inside), *PurePosixPath(inside).parents))
    known = next(filter(None, above), None) or (
        target.relative_to(DOCS).as_posix() if target.is_relative_to(DOCS) else None
    )
    if known is None or not target.exists():
        raise SystemExit(f"{origin}: the link `{link}` leads to {inside}, which is no page of the site.")
    depth = len(PurePosixPath(place).parts) - 1
    return "../" * depth + known
