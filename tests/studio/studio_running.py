"""A studio in a process of its own, and a browser that tells of every request and error."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_PATIENCE = 120_000  # milliseconds, on a machine that others use too


@contextmanager
def studio(workspace: Path) -> Iterator[str]:
    """Yield the address of a studio that serves a workspace; it and its jobs end with the block."""
    command = [sys.executable, "-m", "ganvas", "studio", str(workspace), "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert "http://" in said, said + process.stdout.read()
        yield "http://" + said.partition("http://")[2].split()[0].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=60)
        _end_jobs(workspace)


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a browser; skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def page_in(opened: Any, address: str, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """Yield a page; requests that leave the studio, errors and answers of 400 and above are its `complaints`."""
    context = opened.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, accept_downloads=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    page.complaints, page.requests = [], []

    def requested(request: Any) -> None:
        page.requests.append(request.url)
        own = address.partition("://")[2]
        if not request.url.startswith((f"http://{own}/", f"ws://{own}/", "data:", "blob:", "file:")):
            page.complaints.append(f"leaves: {request.url}")

    page.on("request", requested)
    page.on("websocket", lambda socket: requested(socket))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on(
        "response", lambda found: page.complaints.append(f"{found.status} {found.url}") if found.status > 399 else 0
    )
    yield page
    context.close()


def unnamed(page: Any) -> list[str]:
    """Return the controls of a page that have no accessible name."""
    return page.evaluate("""() => [...document.querySelectorAll(
        "button, a[href], input:not([type=hidden]), select, textarea, [role=slider], [role=switch], iframe")]
        .filter((one) => one.checkVisibility() && one.getAttribute("aria-hidden") !== "true")
        .filter((one) => !(one.getAttribute("aria-label") || one.title || one.textContent.trim() || one.alt
            || (one.labels && one.labels.length) || one.closest("label") || one.getAttribute("aria-labelledby")
            || (one.querySelector("img") && one.querySelector("img").alt)))
        .map((one) => one.outerHTML.slice(0, 200))""")


def too_wide(page: Any) -> bool:
    """Return whether a page must be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")


def _end_jobs(workspace: Path) -> None:
    """End what jobs of a workspace still run."""
    from ganvas.studio.workspace import Workspace

    for job in Workspace(workspace).jobs.running():
        job.kill()


def end(pid: int) -> None:
    """End a process at once."""
    os.kill(pid, signal.SIGKILL)
