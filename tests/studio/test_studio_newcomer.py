"""What somebody who types no commands needs: advice as switches, wrong paths told at once, all pictures on a phone."""

import shutil

import pytest
from browsing import chromium
from PIL import Image
from studio_process import studio, window

from ganvas.progress import Silent
from ganvas.studio.workspace import Workspace
from ganvas.workflows.prepare import prepare


@pytest.fixture(scope="module")
def opened(tmp_path_factory, finished_run):
    """A window on a studio that has a dataset of few images and a run."""
    folder = tmp_path_factory.mktemp("newcomer")
    for number in range(24):
        Image.effect_noise((16, 16), 20 + 9 * number).save(folder / f"{number}.png")
    workspace = Workspace(folder / "workspace").folder
    with studio(workspace, folder / "log") as served, chromium() as browser, window(browser, served.address) as page:
        page.goto(served.address)
        page.get_by_text("ganvas studio .").wait_for()
        prepare(folder, out=workspace / "data" / "few", size=16, progress=Silent())
        shutil.copytree(finished_run, workspace / "runs" / "first")
        yield served.address, page
        assert page.complaints == []


def test_a_wrong_path_is_told_at_once(opened):
    address, page = opened
    page.goto(f"{address}data")
    page.get_by_label("Path of the folder or ZIP file").fill("/no/such/photos")
    page.get_by_role("button", name="Look at the path or set").click()
    page.get_by_role("alert").get_by_text("There is no source `/no/such/photos`").wait_for()
    assert page.url == f"{address}data"
    page.goto(f"{address}data?source=/no/such/photos")
    page.get_by_text("There is no source `/no/such/photos`").wait_for()
    page.goto(f"{address}data?source=digits")
    page.get_by_label("size in pixels").wait_for()
    assert page.get_by_label("size in pixels").input_value() == "32"


def test_few_images_switch_augmentation_on(opened):
    address, page = opened
    page.goto(f"{address}train?data=few")
    switch = page.get_by_role("switch", name="Augment (advised for few images)")
    switch.wait_for()
    assert switch.get_attribute("aria-checked") == "true"
    page.locator(".command", has_text="--training.augment.kind diffaugment").wait_for()
    assert "--" not in " ".join(page.locator(".recipe").all_text_contents())
    switch.click()
    page.locator(".command", has_text="--out").filter(has_not_text="augment").wait_for()
    page.reload()
    switch.wait_for()
    assert switch.get_attribute("aria-checked") == "false", "what was decided is remembered"


def test_a_phone_shows_all_pictures(opened):
    address, page = opened
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}explore?model=runs/first")
    page.wait_for_selector(".stage .picture:nth-child(16) img[src^=data]")
    assert (
        page.evaluate(
            "(() => { const s = document.querySelector('.stage'); return s.scrollHeight - s.clientHeight })()"
        )
        <= 1
    )
    assert page.evaluate("getComputedStyle(document.querySelector('.shown')).position") == "static"
