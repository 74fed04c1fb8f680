"""The frame of every page: skip link, navigation along the road, jobs at work, light or dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from nicegui import html, ui

from ganvas.studio import parts, theme
from ganvas.studio.pages import PAGES
from ganvas.studio.workspace import Workspace

_ROAD = tuple(name for name in PAGES if name not in ("start", "jobs"))


@contextmanager
def frame(workspace: Workspace, name: str, title: str, lead: str = "") -> Iterator[None]:
    """Build the frame of page `name` (a row of PAGES); what the block builds is its content.

    `title` is its heading and, with the studio's name, the title of the window; `lead` a sentence below. Classes come
    from `studio.css` and `pages.css`: there is no Tailwind here.
    """
    ui.page_title(f"{title} · Ganvas")
    theme.apply(workspace.notes("studio").get("appearance", "auto"))
    with ui.header(wrap=False).classes("top"):
        html.a("Skip to content", href="#content").classes("skip")
        html.a("Ganvas", href="/").classes("name").props('aria-label="Ganvas, start"')
        with html.nav().props('aria-label="The road"'):
            for page in _ROAD:
                link = html.a(page.capitalize(), href=f"/{page}")
                if page == name:
                    link.props("aria-current=page")
        with html.div().classes("tools"):
            parts.jobs_at_work(workspace)
            _appearance(workspace)
    with content(title, lead):
        yield


@contextmanager
def content(title: str, lead: str = "") -> Iterator[None]:
    """Build the content of a page below its heading."""
    parts.heading(title, 1).props("id=content tabindex=-1")
    if lead:
        parts.words(lead, "lead")
    yield


def _appearance(workspace: Workspace) -> None:
    def choose(appearance: str) -> None:
        workspace.note("studio", appearance=appearance)
        ui.navigate.reload()

    with ui.button(icon="contrast", color=None).props('flat round dense aria-label="Light or dark"'), ui.menu():
        for appearance, words in (("auto", "As the system"), ("light", "Light"), ("dark", "Dark")):
            ui.menu_item(words, on_click=partial(choose, appearance))
