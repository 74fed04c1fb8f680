"""A studio and a browser's window on it, for one test."""

from contextlib import contextmanager

from browsing import chromium
from studio_process import studio, window

TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth + 1"
"""Whether a page must be scrolled sideways."""


@contextmanager
def visit(workspace, log):
    """Yield the address of a studio of a workspace and a page in a browser, which lists its `complaints`."""
    with studio(workspace, log) as served, chromium() as browser, window(browser, served.address) as page:
        yield served.address, page
