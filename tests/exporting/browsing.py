"""A browser for tests of pages: Chromium, with no network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def browser_page(width: int = 1280, scheme: str = "light") -> Iterator[object]:
    """Yield a page whose errors, and requests for anything but itself, are listed in its `complaints`."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: page.complaints.append(request.url) if _leaves(request.url) else None)
        yield page
        browser.close()


def _leaves(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:"))
