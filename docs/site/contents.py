"""The table of contents: what the home page lists, section by section, and what is made from sources."""

import re

MADE = {
    "Reference": ["recipes/index", "commands", "reference", "tables", "examples"],
    "The project": ["contributing", "benchmarks", "changelog", "pictures/README"],
}
"""Pages that are no files of `docs/`, and the section of the table of contents that ends with them."""

_SECTION = re.compile(r"^## (.+)\n((?:.|\n)*?)(?=^## |\Z)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[[^\]]+\]\(([^)#\s]+)\.md\)", re.MULTILINE)


def with_contents(home: str) -> str:
    """Return the home page with a hidden table of contents: a part for each section that lists pages."""
    listed = {title.strip(): _ENTRY.findall(body) for title, body in _SECTION.findall(home)}
    sections = {title: [*pages, *MADE.get(title, [])] for title, pages in listed.items()}
    if missing := MADE.keys() - sections.keys():
        raise SystemExit(f"docs/index.md should have the sections {', '.join(sorted(missing))}.")
    return home + "".join(_part(title, pages) for title, pages in sections.items() if pages)


def _part(title: str, pages: list[str]) -> str:
    listed = "\n".join(dict.fromkeys(pages))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{listed}\n```\n"
