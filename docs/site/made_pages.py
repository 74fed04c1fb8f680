"""The pages that nobody writes by hand: their texts stand in the sources."""

from commands_page import commands_page
from examples_page import examples_page
from recipe_pages import recipe_pages
from reference_page import reference_page
from tables_page import tables_page


def write() -> dict[str, str]:
    """Return the Markdown of each page made from sources, by its place in the site."""
    return {
        **recipe_pages(),
        "commands.md": commands_page(),
        "reference.md": reference_page(),
        "tables.md": tables_page(),
        "examples.md": examples_page(),
    }
