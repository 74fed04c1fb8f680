"""The one-file page in Chromium: how near its pictures are to torch's, how large it is, how fast it draws.

    python -m benchmarks.web_page RUN_OR_MODEL

Each opening is a new browser, from the disk, without a network. Times depend on the machine and on what else it does.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from ganvas.workflows.export import export
from ganvas.workflows.model import load

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


def main(source: str) -> None:
    model = load(source)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        began = time.perf_counter()
        file = export(model, Path(folder) / "page.html", "web")
        print(f"export {time.perf_counter() - began:.1f} s, page {file.stat().st_size / 1e6:.2f} MB")
        first = []
        for _ in range(OPENINGS):
            browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            began = time.perf_counter()
            page.goto(file.as_uri())
            page.wait_for_selector("body[data-first]")
            first.append(time.perf_counter() - began)
            page.wait_for_selector("body[data-drawn]")
            found = page.evaluate(DRAW, NUM)
            browser.close()
    wanted = model.generate(NUM, seed=0).astype(int)
    differences = np.abs(np.array(found["pictures"]).reshape(wanted.shape) - wanted)
    print(
        f"{NUM} pictures: largest difference {differences.max()} of 255, {(differences > 0).mean():.2%} of bytes differ"
    )
    print(f"first picture {statistics.median(first):.2f} s (median of {OPENINGS}, slowest {max(first):.2f})")
    print(
        f"one picture {statistics.median(found['times']):.1f} ms (median of {NUM}, slowest {max(found['times']):.1f})"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
