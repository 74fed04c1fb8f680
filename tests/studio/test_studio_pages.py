"""The pages in a real browser: all of them, wide and narrow, light and dark; what the door lets through."""

import http.client
import json
import shutil
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from browsing import chromium
from PIL import Image
from studio_process import NAMELESS, studio, window
from test_studio_uploads import body_of

from ganvas.progress import Silent
from ganvas.studio.pages import PAGES
from ganvas.studio.workspace import Workspace
from ganvas.workflows.prepare import prepare

ASKED = {name: f"/{name}" for name in PAGES if name != "start"} | {
    "start": "/",
    "source": "/data?source=digits",
    "dataset": "/data?dataset=digits",
    "run": "/train?run=first",
    "comparison": "/train?compare=first,second",
    "nothing": "/train?run=none",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory, digits_at, finished_run):
    """A studio of a workspace with a dataset, another of few images, and two runs."""
    folder = tmp_path_factory.mktemp("studio")
    workspace = Workspace(folder / "workspace")
    shutil.copytree(digits_at(8), workspace.folder / "data" / "digits")
    (folder / "photos").mkdir()
    for number in range(24):
        Image.effect_noise((16, 16), 20 + 9 * number).save(folder / "photos" / f"{number}.png")
    prepare(folder / "photos", out=workspace.folder / "data" / "few", size=16, progress=Silent())
    for name in ("first", "second"):
        shutil.copytree(finished_run, workspace.folder / "runs" / name)
    with studio(workspace.folder, folder / "log") as running:
        yield running
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def ask(served, path, method="GET", body=None, **headers):
    place = urlsplit(served.address)
    with closing(http.client.HTTPConnection(place.hostname, place.port, timeout=120)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), pytest.param(390, "dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_page_fits_is_quiet_and_can_be_heard(served, browser, name, width, scheme):
    with window(browser, served.address.rstrip("/"), width, scheme) as page:
        page.goto(served.address.rstrip("/") + ASKED[name])
        page.wait_for_selector("h1")
        page.wait_for_timeout(500)
        assert page.complaints == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate("document.body.classList.contains('body--dark')") == (scheme == "dark")


def test_the_keyboard_comes_to_the_content_first(served, browser):
    with window(browser, served.address.rstrip("/")) as page:
        page.goto(served.address)
        page.wait_for_selector("h1")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id || location.hash") in ("content", "#content")


def test_a_wrong_path_is_told_at_once(served, browser):
    with window(browser, served.address.rstrip("/")) as page:
        page.goto(f"{served.address}data")
        page.get_by_label("Path of the folder or ZIP file").fill("/no/such/photos")
        page.get_by_role("button", name="Look at the path or set").click()
        page.get_by_role("alert").get_by_text("There is no source `/no/such/photos`").wait_for()
        assert page.url == f"{served.address}data"
        page.goto(f"{served.address}data?source=/no/such/photos")
        page.get_by_text("There is no source `/no/such/photos`").wait_for()
        page.goto(f"{served.address}data?source=digits")
        assert page.get_by_label("size in pixels").first.input_value() == "32"
        assert page.complaints == []


def test_few_images_switch_augmentation_on(served, browser):
    with window(browser, served.address.rstrip("/")) as page:
        page.goto(f"{served.address}train?data=few")
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
        assert page.complaints == []


def test_a_phone_shows_all_pictures(served, browser):
    with window(browser, served.address.rstrip("/"), 390) as page:
        page.goto(f"{served.address}explore?model=runs/first")
        page.wait_for_selector(".stage .picture:nth-child(16) img[src^=data]")
        hidden = "(stage) => stage.scrollHeight - stage.clientHeight"
        assert page.eval_on_selector(".stage", hidden) <= 1
        assert page.evaluate("getComputedStyle(document.querySelector('.shown')).position") == "static"


def test_a_folder_chosen_in_the_browser_becomes_a_source(served, browser, tmp_path):
    for kind in ("cats", "dogs"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (9, 9), (80 * number, 0, 0)).save(tmp_path / "pets" / kind / f"{number}.png")
    with window(browser, served.address.rstrip("/")) as page:
        page.goto(f"{served.address}data")
        page.wait_for_selector("#drop[data-ready]")
        page.set_input_files("#choose-folder", tmp_path / "pets")
        page.wait_for_url("**/data?source=uploads/*")
        page.wait_for_selector("text=Make the dataset")
        assert page.complaints == []
    (upload,) = (served.folder / "uploads").glob("pets-*")
    found = sorted(str(path.relative_to(upload)) for path in upload.rglob("*.png"))
    assert found == [f"pets/{kind}/{number}.png" for kind in ("cats", "dogs") for number in range(3)]


@pytest.mark.parametrize(
    "path",
    ["../job.json", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "data/digits", "data//../../x", "%00", "none.png"],
)
def test_no_file_outside_the_workspace_is_given(served, path):
    status, _, _ = ask(served, f"/files/{path}")
    assert status == 404


def test_a_link_out_of_the_workspace_is_not_followed(served, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (served.folder / "exports" / "way.txt").symlink_to(tmp_path / "secret.txt")
    assert ask(served, "/files/exports/way.txt")[0] == 404


def test_a_report_is_shown_in_a_sandbox_and_saved_by_name(served):
    status, headers, body = ask(served, "/files/data/digits/report.html")
    headers = {name.lower(): value for name, value in headers.items()}
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"].startswith("sandbox")
    assert "script" not in headers["content-security-policy"]
    assert b"<html" in body
    _, headers, _ = ask(served, "/files/data/digits/report.html?download=true")
    assert 'filename="report.html"' in {name.lower(): value for name, value in headers.items()}["content-disposition"]


def test_foreign_names_and_pages_are_refused(served):
    assert ask(served, "/", Host="evil.example")[0] == 403
    assert ask(served, "/uploads/x", "POST", b"", Origin="https://evil.example")[0] == 403
    assert ask(served, "/", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})[0] == 403


def test_an_upload_stays_in_its_folder(served):
    body = body_of([("../../../up.png", b"x"), ("a/b.png", b"yz")])
    status, _, said = ask(served, "/uploads/hostile", "POST", body)
    assert (status, json.loads(said)) == (200, {"files": 2, "bytes": len(body)})
    assert not list(served.folder.glob("*.png"))
    assert (served.folder / "uploads" / "hostile" / "a" / "b.png").read_bytes() == b"yz"
    assert ask(served, "/uploads/hostile", "POST", body[:-1])[0] == 400
    assert ask(served, "/uploads/..", "POST", body)[0] in (400, 404, 405)
    assert ask(served, "/uploads/%2e%2e%2fx", "POST", body)[0] in (400, 404, 405)
