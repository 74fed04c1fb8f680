"""Export: what was made, how large, and a folder packed for a browser; the page in a real browser."""

import shutil
import zipfile

import pytest
from studio_process import NAMELESS
from studio_visit import TOO_WIDE, visit

from ganvas.exporting.models import MODEL_EXPORTS
from ganvas.studio.archives import archive_of, made_in, size_of, written
from ganvas.workflows.model import load


def test_sizes_in_words():
    assert [written(size) for size in (0, 999, 1000, 1_234_567, 5 * 10**12)] == [
        "0 bytes",
        "999 bytes",
        "1 kB",
        "1.23 MB",
        "5 TB",
    ]


def test_a_folder_is_packed_once_until_it_changes(tmp_path):
    folder = tmp_path / "made" / "model"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "inner" / "b.txt").write_text("three")
    (folder / "secret").symlink_to("/etc/hostname")
    first = archive_of(folder, tmp_path / "made" / ".archives")
    with zipfile.ZipFile(first) as packed:
        assert sorted(packed.namelist()) == ["model/a.txt", "model/inner/b.txt"]
    changed = first.stat().st_mtime_ns
    assert archive_of(folder, tmp_path / "made" / ".archives").stat().st_mtime_ns == changed
    (folder / "a.txt").write_text("another")
    second = archive_of(folder, tmp_path / "made" / ".archives")
    assert second != first
    assert not first.exists()
    assert made_in(tmp_path / "made") == [folder]
    assert size_of(folder) >= 12


@pytest.mark.slow
def test_the_page_makes_and_hands_out_a_model(tmp_path, finished_run):
    shutil.copytree(finished_run, tmp_path / "runs" / "digits")
    with visit(tmp_path, tmp_path / "studio.log") as (address, page):
        page.goto(f"{address}export")
        for place in range(len(MODEL_EXPORTS)):
            page.locator(".cards .card").nth(place).wait_for()
        assert page.locator(".cards .card").count() == len(MODEL_EXPORTS)
        assert page.evaluate(NAMELESS) == []
        page.get_by_label("Licence of the model").fill("cc0-1.0")
        page.get_by_label("Licence of the model").press("Tab")
        page.get_by_role("button", name="Make: Model folder").click()
        page.wait_for_selector(".card .result", timeout=240_000)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save digits-model as ZIP").first.click()
        download.value.save_as(tmp_path / "saved.zip")
        page.reload()
        page.wait_for_selector(".card .result")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not page.evaluate(TOO_WIDE)
        assert page.complaints == []
    with zipfile.ZipFile(tmp_path / "saved.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    assert load(tmp_path / "unpacked" / "digits-model").sha256 == load(tmp_path / "runs" / "digits").sha256
    assert 'license: "cc0-1.0"' in (tmp_path / "unpacked" / "digits-model" / "README.md").read_text()
