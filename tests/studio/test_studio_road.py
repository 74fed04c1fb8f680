"""The whole road in a browser: a ZIP of digits dropped, prepared, trained, drawn, exported, opened from the disk."""

import io
import zipfile

import numpy as np
import pytest
from browsing import chromium
from PIL import Image
from sklearn.datasets import load_digits
from studio_process import studio, window

STEPS = 200
WAIT = 600_000  # milliseconds: training may share its cores


def zip_of_digits():
    """Return real digits, 8x8 pixels, as PNG files in a folder for each class, in a ZIP file."""
    digits, packed = load_digits(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            picture = io.BytesIO()
            Image.fromarray((image * 255 / 16).astype(np.uint8)).save(picture, "PNG")
            archive.writestr(f"{label}/{number:04d}.png", picture.getvalue())
    return packed.getvalue()


@pytest.mark.slow
def test_from_a_dropped_zip_to_a_page_that_draws(tmp_path):
    log = tmp_path / "studio.log"
    with studio(tmp_path / "workspace", log) as served, chromium() as browser:
        with window(browser, served.address) as page:
            _drop(page, served.address)
            _prepare(page)
            _train(page)
            _draw_threes(page, served.address)
            file = _export(page, served.address, tmp_path)
            assert page.complaints == [], "no error, and nothing leaves this machine"
        with window(browser, file.parent.as_uri()) as page:
            _open(page, file)
            assert page.complaints == []


def _drop(page, address):
    page.goto(f"{address}data")
    page.get_by_text("ganvas studio .", exact=True).wait_for()  # for those whose datasets lie elsewhere
    page.wait_for_selector("#drop[data-ready=yes]")
    page.set_input_files(
        "#choose-files", {"name": "digits.zip", "mimeType": "application/zip", "buffer": zip_of_digits()}
    )
    page.wait_for_url("**/data?source=**")


def _prepare(page):
    size = page.get_by_label("size in pixels").first
    size.fill("16")
    size.press("Enter")
    page.get_by_label("name of the dataset").first.fill("digits")
    page.wait_for_function(
        "[...document.querySelectorAll('.command')].some((one) => /--size 16 .*data\\/digits/.test(one.textContent))"
    )
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_role("link", name="Open the dataset").click(timeout=WAIT)
    page.wait_for_url("**/data?dataset=digits")


def _train(page):
    """Train, and watch the losses move on the page of the run."""
    page.goto(page.url.partition("/data")[0] + "/train?data=digits")
    page.get_by_label("name of the run").wait_for(timeout=WAIT)  # the recipe advised is shown first
    page.get_by_role("button", name="compact").first.click()
    page.get_by_role("heading", name="compact: how long").wait_for(timeout=WAIT)
    page.get_by_label("name of the run").fill("digits")
    page.get_by_label("steps", exact=True).fill(str(STEPS))
    page.wait_for_function(
        "[...document.querySelectorAll('.command')].some((one) => /compact.*--steps 200/.test(one.textContent))"
    )
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/train?run=digits")
    page.wait_for_selector("svg polyline", timeout=WAIT)
    seen = set()
    while not page.get_by_text("Finished", exact=True).is_visible():
        seen.add(page.locator("svg polyline").first.get_attribute("points"))
        page.wait_for_timeout(100)
    assert len(seen) > 1, "the losses moved while they were looked at"
    page.get_by_text(f"{STEPS} of {STEPS}").first.wait_for()


def _draw_threes(page, address):
    page.goto(f"{address}explore?model=runs/digits")
    page.get_by_role("button", name="3", exact=True).click(timeout=WAIT)
    page.wait_for_function("[...document.querySelectorAll('.stage .under')].every((one) => one.textContent === '3')")
    assert page.locator(".stage .frame img[alt^='3: seed 0']").count() == 16
    assert page.evaluate(PICTURES) == 16, "all different"


PICTURES = "new Set([...document.querySelectorAll('.stage .frame img')].map((one) => one.src)).size"


def _export(page, address, place):
    page.goto(f"{address}export?model=runs/digits")
    page.get_by_role("button", name="Make: Web page").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save digits-web.html").first.click(timeout=WAIT)
    file = place / "digits-web.html"
    download.value.save_as(file)
    return file


def _open(page, file):
    """Open the exported page from the disk: a row for each class, each with its own digit."""
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-drawn]")
    page.locator("input[name=mode][value=rows]").check()
    page.wait_for_function("document.querySelectorAll('.row-name').length === 10")
    assert page.locator(".row-name").all_text_contents() == [str(number) for number in range(10)]
    drawn = page.evaluate(TEN)
    assert len(drawn) == len(set(drawn)) == 10, "ten digits, one for each class"


TEN = """async () => {
  const { latentOf, drawn, ready } = window.ganvas;
  await ready;
  const orders = Array.from({ length: 10 }, (_, label) => ({ seed: 0, index: 0, latent: latentOf("0", 0), label }));
  return (await drawn(orders, 1, [])).map((bytes) => [...bytes].join());
}"""
