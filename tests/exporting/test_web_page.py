"""The page in a real browser, without a network: its pictures against torch's, and what people do with it."""

import numpy as np
import pytest
import torch
from browsing import chromium, page_of
from small import FAMILIES

from ganvas.errors import UsageError
from ganvas.generation.directions import Directions
from ganvas.generation.drawing import Request, draw_chunks
from ganvas.images import ImageShape
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.models.family import family_config
from ganvas.players import to_pixels
from ganvas.progress import Silent
from ganvas.provenance import provenance_of
from ganvas.seeds import Stream
from ganvas.workflows.export import export
from ganvas.workflows.model import Model

NAMES = ("<b>cat</b>", 'dog "x"', "emu & co")
DRAW = """async ([seed, num, truncation, strengths]) => {
  const { latentOf, classOf, drawn, ready, about } = window.ganvas;
  await ready;
  const orders = Array.from({ length: num }, (_, index) => (
    { seed, index, latent: latentOf(seed, index), label: about.classes.length ? classOf(seed, index) : 0 }));
  const pictures = [];
  for (let done = 0; done < num; done += 10) {
    pictures.push(...await drawn(orders.slice(done, done + 10), truncation, strengths));
  }
  return { latents: orders.map(({ latent }) => [...latent]), labels: orders.map(({ label }) => label),
           pictures: pictures.map((bytes) => [...bytes]) };
}"""


def vivid(model):
    """Make an untrained generator's pictures differ, so that a mistake would show."""
    for layer in model.generator.modules():
        if isinstance(layer, NoiseInjection):
            layer.strength.data.fill_(0.3)
    images = model.generate(16).astype(float)
    weights = [weight for weight in model.generator.parameters() if weight.dim() > 1]
    weights[-1].data.mul_(60 / images.std())
    assert 20 < model.generate(16).astype(float).std() < 100
    return model


def drawn_by_torch(generator, request):
    return np.concatenate(list(draw_chunks(generator, request, to_pixels)))


@pytest.fixture(scope="module")
def classes_page(tmp_path_factory):
    """A model with classes and two directions, and its page."""
    config = family_config("compact", **FAMILIES["compact"], latent_size=8)
    model = vivid(Model.untrained(config, ImageShape(3, 16, 16), NAMES, seed=1))
    vectors = torch.from_numpy(Stream(5, "test").normal(2, 8)).float()
    model.directions = Directions(("brightness", "size"), vectors, torch.tensor([0.5, 2.0]))
    return model, export(model, tmp_path_factory.mktemp("pages") / "zoo & <i>co.html", "web", Silent(), "cc0-1.0")


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def opened(classes_page, browser):
    with page_of(browser, classes_page[1]) as page:
        yield page


def drawn_in(page, seed, num, truncation=1.0, strengths=()):
    found = page.evaluate(DRAW, [str(seed), num, truncation, list(strengths)])
    return {name: np.array(values) for name, values in found.items()}


def test_hundred_pictures_are_those_of_torch(classes_page, opened):
    model, _ = classes_page
    found = drawn_in(opened, 7, 100)
    wanted = model.generate(100, seed=7)
    assert np.array_equal(found["labels"], model.labels_of(100, seed=7))
    difference = np.abs(found["pictures"].reshape(wanted.shape).astype(int) - wanted.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01
    latents = model.generator.draw_latents(Stream(7, "generate/latents"), 100).numpy()
    np.testing.assert_allclose(found["latents"], latents, rtol=2e-7)


def test_truncation_and_directions_are_those_of_drawing(classes_page, opened):
    model, _ = classes_page
    found = drawn_in(opened, 0, 10, 0.7, [1.5, -0.5])
    request = Request(
        latents=model.generator.draw_latents(Stream(0, "generate/latents"), 10),
        labels=model.labels_of(10),
        truncation=0.7,
        directions=model.directions.steps({"brightness": 1.5, "size": -0.5}),
    )
    wanted = drawn_by_torch(model.generator, request).astype(int)
    assert np.abs(found["pictures"].reshape(wanted.shape) - wanted).max() <= 1
    assert np.abs(wanted - model.generate(10).astype(int)).mean() > 1, "they do something"


@pytest.mark.parametrize(
    ("seed", "purpose", "index", "num"),
    [(0, "a", 0, 1), (2**63 - 1, "generate/latents", 2**31, 7), (42, "ä" * 130, 3, 64), (1, "x" * 126, 1, 5)],
)
def test_the_page_draws_the_very_numbers_of_our_streams(opened, seed, purpose, index, num):
    """Uniform ones to the bit; normal ones as near as two mathematical libraries are."""
    script = "([seed, ...rest]) => [[...ganvas.uniform(seed, ...rest)], [...ganvas.normal(seed, ...rest)]]"
    uniform, normal = opened.evaluate(script, [str(seed), purpose, index, num])
    stream = Stream(seed, purpose, first=index)
    assert uniform == stream.uniform(1, num)[0].tolist()
    np.testing.assert_allclose(normal, stream.normal(1, num)[0], rtol=1e-12, atol=1e-14)


def test_what_people_do(classes_page, opened, tmp_path):
    """By names that a screen reader says, and by the keyboard."""
    model, _ = classes_page
    page = opened
    assert page.locator("#pictures .tile").count() == 16
    page.get_by_label("Class", exact=True).select_option(label=NAMES[2])
    page.get_by_label("Seed", exact=True).fill("12")
    page.get_by_label("How many").select_option("4")
    tile = page.get_by_role("button", name=f"Image 3 of seed 12, class {NAMES[2]}")
    tile.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog", name=f"Image 3 of seed 12, class {NAMES[2]}").is_visible()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("dialog", name="Image 2 of seed 12").is_visible()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Save PNG").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    told = provenance_of(file)
    assert (told.model, told.seed, told.index, told.label) == (model.sha256, 12, 2, NAMES[2])
    assert file.name == "zoo-i-co-seed12-000002.png"
    assert shown_in(file).shape == (16, 16, 3)
    assert np.abs(shown_in(file).astype(int) - model.generate(1, 2, seed=12, first=2)[0].astype(int)).max() <= 1


def shown_in(file):
    from PIL import Image

    with Image.open(file) as image:
        assert set(image.info) >= {"ganvas", "xmp"}
        return np.array(image.convert("RGB"))


def test_rows_walk_and_reset(opened):
    page = opened
    page.get_by_role("radio", name="By class").check(force=True)
    assert [row.inner_text() for row in page.locator(".row-name").all()] == list(NAMES)
    assert page.locator("#pictures .tile").count() == 10 * len(NAMES)
    page.get_by_label("brightness").fill("2")
    assert page.locator("output[for=direction-0]").inner_text() == "2"
    page.get_by_role("button", name="Reset").click()
    assert page.locator("output[for=direction-0]").inner_text() == "0"
    page.get_by_role("radio", name="Walk").check(force=True)
    page.get_by_role("button", name="Play").click()
    page.get_by_text("Between images").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("radio", name="Pictures").check(force=True)
    page.get_by_label("Seed", exact=True).fill("no")
    assert "whole number" in page.get_by_role("status").inner_text()


def test_no_network_no_errors_no_markup_of_ours_broken(opened):
    assert opened.complaints == []
    assert opened.locator("h1").inner_text() == "zoo & <i>co"
    assert opened.locator("b, i").count() == 0, "names of classes and of the model stay text"
    about = opened.locator("details")
    assert about.get_attribute("open") is None, "facts are folded up"
    about.locator("summary").click()
    assert "cc0-1.0" in about.inner_text()
    assert about.locator("th").last.inner_text() == "Model (SHA-256)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_runs_over(classes_page, browser, scheme):
    with page_of(browser, classes_page[1], 390, scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        small = "[...document.querySelectorAll('button, select, input:not([type])')].filter((one) => one.offsetParent)"
        heights = page.evaluate(f"{small}.map((one) => one.getBoundingClientRect().height)")
        assert min(heights) >= 36, "large enough for a thumb"
        assert page.complaints == []


@pytest.mark.slow
def test_noise_and_styles_are_those_of_torch(browser, tmp_path):
    config = family_config("stylegan2", **FAMILIES["stylegan2"])
    model = vivid(Model.untrained(config, ImageShape(1, 16, 16), (), seed=1))
    model.directions = Directions(("turn",), torch.ones(1, 4), torch.tensor([0.5]), "styles")
    page_file = export(model, tmp_path / "styles.html", "web", Silent())
    with page_of(browser, page_file) as page:
        found = drawn_in(page, 3, 20)["pictures"].reshape(20, 16, 16, 1)
        moved = drawn_in(page, 0, 4, 0.5, [1.0])["pictures"].reshape(4, 16, 16, 1)
    assert np.abs(found - model.generate(20, seed=3).astype(int)).max() <= 1
    request = Request(
        latents=model.generator.draw_latents(Stream(0, "generate/latents"), 4),
        truncation=0.5,
        directions=model.directions.steps({"turn": 1.0}),
        noise=tuple((0, index) for index in range(4)),
    )
    assert np.abs(moved - drawn_by_torch(model.generator, request).astype(int)).max() <= 1


def test_a_translator_has_no_page(tmp_path):
    config = family_config("pix2pix", **FAMILIES["pix2pix"])
    model = Model.untrained(config, ImageShape(3, 16, 16), (), seed=0)
    with pytest.raises(UsageError, match="Export it to `onnx` instead"):
        export(model, tmp_path / "no.html", "web", Silent())
    assert not list(tmp_path.iterdir())


def test_a_title_is_of_pages_alone(classes_page, tmp_path):
    model, _ = classes_page
    page = export(model, tmp_path / "a.html", "web", Silent(), title="Zoo <of> ours").read_text("utf-8")
    assert "<h1>Zoo &lt;of&gt; ours</h1>" in page
    with pytest.raises(UsageError, match="`title` goes with `to` web"):
        export(model, tmp_path / "b.onnx", "onnx", Silent(), title="Zoo")
