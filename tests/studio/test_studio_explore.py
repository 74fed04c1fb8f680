"""Explore: pictures are those of `ganvas generate`, byte for byte; the newest wish wins; the page in a real browser."""

import asyncio
import json
import os
import shutil
import threading
import time

import pytest
from small import FAMILIES
from studio_process import NAMELESS
from studio_visit import TOO_WIDE, visit

from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.progress import Silent
from ganvas.provenance import provenance_of, read_provenance
from ganvas.studio.drawing import Drawing, Newest, Wanted
from ganvas.workflows.explore import explore, rename
from ganvas.workflows.export import export
from ganvas.workflows.favourites import keep_favourites, read_favourites
from ganvas.workflows.model import Model

CLASSES = ("circle", "square", "star")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with one small model that has classes and two directions."""
    folder = tmp_path_factory.mktemp("workspace")
    config = family_config("compact", **FAMILIES["compact"])
    export(Model.untrained(config, ImageShape(1, 16, 16), CLASSES), folder / "models" / "shapes")
    explore(folder / "models" / "shapes", folder / "strips", ("pca",), 2, "0", progress=Silent())
    return folder


@pytest.mark.parametrize(
    "asked",
    [
        {"num": 3, "seed": 7},
        {"num": 4, "seed": 1, "first": 2, "each_class": True, "truncation": 0.5},
        {"num": 2, "label": "star", "directions": {"pca1": 2.0, "pca2": 0.0}},
        {"num": 2, "mixture": {"circle": 0.25, "star": 0.75}},
    ],
)
def test_pictures_are_the_files_of_the_same_command(workspace, tmp_path, asked):
    model = workspace / "models" / "shapes"
    wanted, drawing = Wanted(model=model, **asked), Drawing()
    drawn = drawing.pictures(wanted)
    with pytest.raises(SystemExit) as end:
        main(["generate", *wanted.arguments(str(model), str(tmp_path / "out"))])
    assert end.value.code == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("seed*.png")}
    assert {one.file: one.png for one in drawn} == written


def test_models_are_kept_loaded_and_read_again_when_they_change(workspace, tmp_path):
    drawing = Drawing(most_loaded=2)
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        shutil.copytree(workspace / "models" / "shapes", folder)
    first = drawing.model(folders[0])
    assert drawing.model(folders[0]) is first
    for folder in folders[1:]:
        drawing.model(folder)
    assert drawing.model(folders[0]) is not first, "two were asked for since"
    known = drawing.model(folders[0])
    rename(folders[0], {"pca1": "slant"})
    os.utime(folders[0] / "directions.json", ns=(1, 1))
    assert drawing.model(folders[0]) is not known
    assert drawing.abilities(folders[0]).directions == ("slant", "pca2")


def test_only_the_newest_of_waiting_wishes_is_done():
    done, go_on = [], threading.Event()

    async def do(wish):
        await asyncio.get_running_loop().run_in_executor(None, go_on.wait, 10)
        done.append(wish)

    async def wishes():
        newest = Newest(do)
        for wish in range(50):
            newest.wish(wish)
            await asyncio.sleep(0)
        go_on.set()
        await newest.settled()

    asyncio.run(wishes())
    assert done == [0, 49]


def test_what_is_drawn_never_waits_for_the_server(workspace):
    drawing = Drawing()

    async def beats():
        num, asked = 0, asyncio.create_task(drawing.ask(time.sleep, 0.5))
        while not asked.done():
            num += 1
            await asyncio.sleep(0.01)
        return num

    assert asyncio.run(beats()) > 5, "the loop goes on"


def test_favourites_of_a_model_and_of_others(workspace, tmp_path):
    drawing, model = Drawing(), workspace / "models" / "shapes"
    own = [one.provenance for one in drawing.pictures(Wanted(model=model, num=2))]
    other = own[0].model_copy(update={"model": "0" * 64})
    keep_favourites(tmp_path / "favourites.json", [other, *own])
    kept, others = drawing.favourites(model, tmp_path / "favourites.json")
    assert [one.number for one in kept] == [2, 3]
    assert others == 1
    assert [read_provenance(one.drawn.png) for one in kept] == own


def test_a_translator_is_refused_in_words(tmp_path):
    model = Model.untrained(family_config("pix2pix", **FAMILIES.get("pix2pix", {})), ImageShape(3, 32, 32), ())
    export(model, tmp_path / "edges")
    with pytest.raises(UsageError, match="sources"):
        Drawing().abilities(tmp_path / "edges")


@pytest.mark.slow
def test_the_page_draws_keeps_walks_renames_and_projects(workspace, tmp_path):
    with visit(workspace, tmp_path / "studio.log") as (address, page):
        page.goto(f"{address}explore?model=models/shapes")
        page.wait_for_selector(".stage .picture:nth-child(16) img[src^=data]")
        assert page.evaluate(NAMELESS) == []
        before = page.eval_on_selector_all(".stage img", "(all) => all.map((one) => one.src)")
        page.get_by_role("button", name="star", exact=True).click()
        page.wait_for_function("document.querySelectorAll('.stage .under')[3].textContent === 'star'")
        assert page.eval_on_selector_all(".stage img", "(all) => all.map((one) => one.src)") != before
        _keyboard_moves_a_slider(page)
        page.get_by_role("button", name="Keep picture 1 as a favourite").click()
        page.get_by_role("button", name="Keep picture 2 as a favourite").click()
        page.wait_for_selector(".strip .picture:nth-child(2)")
        page.locator(".stage .frame").first.click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save PNG").click()
        download.value.save_as(tmp_path / "saved.png")
        said = provenance_of(tmp_path / "saved.png")
        assert said.label == "star"
        assert said.settings["directions"] == {"pca1": pytest.approx(0.1)}
        assert said == read_favourites(workspace / "notes")[0]
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Play a walk over the favourites").click()
        page.wait_for_selector(".film img[src^='data:image/webp']")
        _rename(page, "pca2", "size")
        page.reload()
        page.wait_for_selector(".strip .picture:nth-child(2)")
        assert page.get_by_role("button", name="star", exact=True).get_attribute("aria-pressed") == "true"
        assert page.get_by_role("slider", name="size").count() == 1
        _project(page, tmp_path / "saved.png")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not page.evaluate(TOO_WIDE)
        assert page.complaints == []
    assert json.loads((workspace / "models" / "shapes" / "directions.json").read_text())["names"] == ["pca1", "size"]


def _keyboard_moves_a_slider(page):
    page.get_by_role("slider", name="pca1").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("[...document.querySelectorAll('.command')].some((one) => /pca1=0.1/.test(one.textContent))")


def _rename(page, old, new):
    page.get_by_role("button", name=f"Rename {old}").click()
    page.get_by_label("What it changes, in one word").fill(new)
    page.get_by_role("button", name="Rename", exact=True).click()
    page.wait_for_selector(f"[aria-label='Rename {new}']")


def _project(page, picture):
    page.get_by_text("From a picture of yours").click()
    page.set_input_files("input[type=file]", str(picture))
    page.wait_for_function("document.querySelectorAll('.stage .picture').length === 1", timeout=240_000)
    page.wait_for_selector("img[alt='Pictures above their projections']")
