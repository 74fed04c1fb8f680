"""A studio in a process of its own, to be asked, watched and killed; and what tests do with its pages in a browser."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

STARTS_WITHIN = 240


class Studio:
    """A running `ganvas studio WORKSPACE`."""

    def __init__(self, folder, log, *flags):
        self.folder, self.log = folder, log
        with log.open("wb") as output:
            command = [sys.executable, "-m", "ganvas", "studio", str(folder), "--port", "0", "--no-browser", *flags]
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | {"OMP_NUM_THREADS": "1"}
            )
        self.address = self._await(lambda: re.search(r"http://\S+/", log.read_text()))[0]
        self._await(lambda: _answers(self.address) or None)

    def _await(self, found):
        deadline = time.monotonic() + STARTS_WITHIN
        while (value := found()) is None:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)
        return value

    def kill(self):
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ask it to end; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def _answers(address):
    try:
        with urlopen(f"{address}scripts/drop.js", timeout=30) as answer:
            return answer.status == 200
    except OSError as error:
        return getattr(error, "code", None) is not None


@contextmanager
def studio(folder, log, *flags):
    """Yield a studio of a workspace; it is ended with the block."""
    running = Studio(folder, log, *flags)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def window(browser, address, width=1280, scheme="light"):
    """Yield a page at a width; its errors, failed and foreign requests are listed in its `complaints`."""
    size = {"width": width, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.complaints = []
    ours = (address, address.replace("http:", "ws:"), "data:", "blob:")
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("request", lambda sent: page.complaints.append(sent.url) if not sent.url.startswith(ours) else None)
    page.on("response", lambda got: page.complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    yield page
    context.close()


NAMELESS = """() => {
  const shown = (element) => element.getClientRects().length && getComputedStyle(element).visibility !== "hidden";
  const named = (element) => (element.getAttribute("aria-label") || element.textContent || element.title
    || (element.labels && [...element.labels].map((label) => label.textContent).join(" "))
    || [...(element.getAttribute("aria-labelledby") || "").split(" ")]
      .map((id) => document.getElementById(id)?.textContent || "").join("")
    || element.alt || [...element.querySelectorAll("img")].map((image) => image.alt).join(" ") || "").trim();
  const roles = ["button", "slider", "checkbox", "switch", "combobox"].map((role) => `[role=${role}]`);
  const controls = document.querySelectorAll(["a[href], button, input, select, textarea, img, iframe", ...roles]);
  return [...controls].filter((element) => shown(element) && !element.closest("[aria-hidden=true]"))
    .filter((element) => element.tagName === "IMG" ? !element.hasAttribute("alt")
      : element.tagName === "IFRAME" ? !element.title : !named(element))
    .map((element) => element.outerHTML.slice(0, 200));
}"""
"""Controls and pictures that somebody who hears the page could not tell."""
