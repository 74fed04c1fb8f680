"""The one-file page in Chromium: how near its pictures are to torch's, how large it is, how fast it draws.

    python -m benchmarks.web_page RUN_OR_MODEL

Each opening is a new browser, from the disk, without a network. Times depend on the machine and on what else it does.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from benchmarks.benchmark import chromium
from benchmarks.generation_speed import untrained
from benchmarks.outcome import Occasion, Outcome, Spread
from benchmarks.turns import Turn, plain, row, take_turns
from ganvas.training.engine import cpu_threads
from ganvas.workflows.export import export
from ganvas.workflows.model import Model, load

NUM, OPENINGS = 100, 5
DRAW = """async (num) => {
  const { latentOf, classOf, drawn, about } = window.ganvas, pictures = [], times = [];
  for (let index = 0; index < num; index++) {
    const began = performance.now(), latent = latentOf("0", index);
    const label = about.classes.length ? classOf("0", index) : 0;
    pictures.push([...(await drawn([{ seed: "0", index, latent, label }]))[0]]);
    times.push(performance.now() - began);
  }
  return { pictures, times };
}"""
PAGE, TORCH = "ours", "torch, one picture at a time"


class Opening(NamedTuple):
    """One opening of the page: seconds to its first picture, milliseconds of each, and the largest differences."""

    first: float
    times: list[float]
    largest_difference: int
    differing_bytes: float


def main(source: str) -> None:
    """Measure the page of a run or model folder."""
    with tempfile.TemporaryDirectory() as folder:
        turns, openings, size = timed(load(source), Path(folder), NUM, OPENINGS)
    first, times = Spread.of([opening.first for opening in openings]), openings[-1].times
    seconds = Spread.of([turn.values[PAGE] for turn in turns])
    print(f"page {size / 1e6:.2f} MB")
    print(
        f"{NUM} pictures: largest difference {openings[-1].largest_difference} of 255, "
        f"{openings[-1].differing_bytes:.2%} of bytes differ"
    )
    print(f"first picture {first.median:.2f} s (median of {OPENINGS}, slowest {first.most:.2f})")
    print(
        f"one picture {1e3 * seconds.median:.1f} ms (median of {OPENINGS} medians of {NUM}, slowest {max(times):.1f})"
    )


def benchmark(occasion: Occasion) -> Outcome:
    """Time a picture of the page beside torch, an untrained `compact` of 28 px."""
    with cpu_threads(occasion.threads):
        turns, openings, size = timed(
            untrained(), occasion.folder, occasion.either(4, NUM), occasion.either(1, OPENINGS)
        )
    row_ = row("one picture in the page of `export --to web`, `compact`", "ms", turns, PAGE, TORCH, 1e3)
    details = {"turns": plain(turns), "openings": [opening._asdict() for opening in openings], "page_bytes": size}
    return Outcome([row_], details)


def timed(model: Model, folder: Path, num: int, openings: int) -> tuple[list[Turn], list[Opening], int]:
    """Return the seconds a picture of each turn (the median of `num`), each opening, and the bytes of the page."""
    file, opened = export(model, folder / "page.html", "web"), []
    wanted = model.generate(num, seed=0).astype(int)

    def here() -> float:
        opened.append(_open(running.chromium.launch(executable_path=chromium(), args=["--no-sandbox"]), file, wanted))
        return Spread.of(opened[-1].times).median / 1e3

    def in_torch() -> float:
        return Spread.of([_seconds(model, index) for index in range(num)]).median

    with sync_playwright() as running:
        turns = take_turns({PAGE: here, TORCH: in_torch}, openings)
    return turns, opened, file.stat().st_size


def _open(browser: Browser, file: Path, wanted: Any) -> Opening:
    page = browser.new_page()
    begun = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-first]")
    first = time.perf_counter() - begun
    page.wait_for_selector("body[data-drawn]")
    found = page.evaluate(DRAW, len(wanted))
    browser.close()
    differences = np.abs(np.array(found["pictures"]).reshape(wanted.shape) - wanted)
    return Opening(first, found["times"], int(differences.max()), float((differences > 0).mean()))


def _seconds(model: Model, index: int) -> float:
    begun = time.perf_counter()
    model.generate(1, seed=index)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(*sys.argv[1:])
