"""A browser for tests of pages: Chromium, with no network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser; skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def page_of(browser: Any, file: Path, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """Yield an opened file that has drawn; its errors, and requests that leave it, are listed in its `complaints`."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: page.complaints.append(request.url) if _leaves(request.url) else None)
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-drawn]")
    yield page
    context.close()


def _leaves(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:"))
