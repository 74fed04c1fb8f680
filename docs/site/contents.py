"""The table of contents: what the home page lists, section by section, and what is made from sources."""

import re

MADE = {
    "Reference": ["recipes/index", "commands", "reference", "tables", "examples"],
    "The project": ["contributing", "benchmarks", "changelog", "pictures/README"],
}
"""Pages that are no files of `docs/`, and the section of the table of contents that ends with them."""

_SECTION = re.compile(r"^## (.+)\n((?:.|\n)*?)(?=^## |\Z)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[[^\]]+\]\(([^)#\s]+)\.md\)", re.MULTILINE)


def with_contents(home: str, pages: list[str]) -> str:
    """Return the home page with a hidden table of contents: a part for each section that lists pages.

    Those of `pages` that it does not list, as new ones, stand in a part for their folder.
    """
    listed = {title.strip(): _ENTRY.findall(body) for title, body in _SECTION.findall(home)}
    if missing := MADE.keys() - listed.keys():
        raise SystemExit(f"docs/index.md should have the sections {', '.join(sorted(missing))}.")
    sections = {title: [*named, *MADE.get(title, [])] for title, named in listed.items()}
    known = {"index", *(page for named in sections.values() for page in named)}
    for page in sorted(set(pages) - known):
        folder = page.rpartition("/")[0]
        sections.setdefault(folder.capitalize() or "More", []).append(page)
    return home + "".join(_part(title, named) for title, named in sections.items() if named)


def _part(title: str, pages: list[str]) -> str:
    listed = "\n".join(dict.fromkeys(pages))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{listed}\n```\n"
