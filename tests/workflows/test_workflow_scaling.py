"""Scalings along the whole road: what the networks see, and right pictures from a run or a model folder alone."""

import json
import shutil
from itertools import chain

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.modules.module import register_module_forward_pre_hook

from ganvas.config import flat
from ganvas.data.choices import Choices
from ganvas.data.feed import Feed
from ganvas.data.scaling import SCALING_FILES
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DamagedError, UsageError
from ganvas.generation.decoding import decoder_of
from ganvas.generation.sampling import sample
from ganvas.images import contact_sheet
from ganvas.metrics.features import pixels as pixel_features
from ganvas.metrics.sliced import random_directions, sliced_distance
from ganvas.players import Discriminator, Gan, to_pixels
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.storage import read_json
from ganvas.training import checkpoint
from ganvas.workflows.book import build_discriminator, build_generator, train_gan
from ganvas.workflows.doctor import doctor
from ganvas.workflows.evaluate import evaluate
from ganvas.workflows.export import export
from ganvas.workflows.model import load
from ganvas.workflows.prepare import prepare
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.train import resume, train

CHOSEN = {
    "min_max": {"channels": 1, "scaling": "min_max"},
    "standard": {"channels": 3, "scaling": "standard", "scaling_over": "channel"},
    "zca": {"channels": 1, "scaling": "zca"},
}
BATCH, STEPS, SEED = 8, 6, 0
SETTINGS = {
    "training.batch_size": BATCH,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.checkpoint.every": STEPS,
    "training.samples.every": STEPS,
    "training.threads": 1,
}


def trained(data, out, steps=STEPS, **settings):
    return train("mlp_gan", data, out, steps=steps, progress=Silent(), **(SETTINGS | settings)).folder


def newest(run):
    return checkpoint.newest_valid(run / "checkpoints")[0]


def picture(path):
    """Return the pixels of a PNG [H, W, C]."""
    with Image.open(path) as image:
        values = np.asarray(image)
    return values.reshape(*values.shape[:2], -1)


def losses(run):
    rows = RunFolder.open(run).read_log()
    others = ("images_per_second", "cpu_seconds", "score")  # a run is scored where it ends, and may go on from there
    return [{name: value for name, value in row.items() if not name.startswith(others)} for row in rows]


class Seen(list):
    """All images [N, H, W, C] that any discriminator is given while this is open."""

    def __enter__(self):
        self.hook = register_module_forward_pre_hook(self.note)
        return self

    def __exit__(self, *_):
        self.hook.remove()

    def note(self, module, arguments):
        if isinstance(module, Discriminator):
            self.append(arguments[0].detach().permute(0, 2, 3, 1).numpy())


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder of 80 colour images of 8 px, their values between 40 and 200."""
    folder, draw = tmp_path_factory.mktemp("source"), np.random.default_rng(0)
    for index in range(80):
        light = draw.uniform(80, 160) + draw.normal(0, 20, (8, 8, 3))
        Image.fromarray(light.clip(40, 200).astype(np.uint8)).save(folder / f"{index:02}.png")
    return folder


@pytest.fixture(scope="module")
def plain(source, tmp_path_factory):
    """Return the same dataset without a scaling, by its number of channels."""
    folder = tmp_path_factory.mktemp("plain")
    return {
        channels: prepare(source, out=folder / str(channels), size=8, channels=channels, progress=Silent())
        for channels in (1, 3)
    }


@pytest.fixture(scope="module", params=CHOSEN)
def road(request, source, tmp_path_factory):
    """A scaled dataset, a run of it, its model folder, and what D saw while it was trained."""
    folder = tmp_path_factory.mktemp(request.param)
    dataset = prepare(source, out=folder / "data", size=8, progress=Silent(), **CHOSEN[request.param])
    with Seen() as seen:
        run = trained(dataset, folder / "run")
    return dataset, run, export(run, folder / "model"), seen


@pytest.fixture(scope="module")
def zca(source, tmp_path_factory):
    """A whitened dataset, a run of 2 steps and its model folder; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("whitened")
    dataset = prepare(source, out=folder / "data", size=8, channels=1, scaling="zca", progress=Silent())
    export(trained(dataset, folder / "run", steps=2), folder / "model")
    return folder


@pytest.fixture
def breakable(zca, tmp_path):
    """A copy of `zca` to break; its run names the old place of the dataset, which is whole."""
    return shutil.copytree(zca, tmp_path / "whitened")


# The dataset folder


def test_dataset_folder_holds_its_scaling_and_the_same_bytes(road, plain):
    dataset = road[0]
    dataset.verify()
    assert dataset.card.scaling == dataset.scaling.settings
    assert dataset.card.scaling_constants == json.loads(json.dumps(dataset.scaling.constants()))
    assert f"scaled by {dataset.card.scaling.scaling}" in dataset.summary()
    for split in ("train", "test"):
        pixels = np.asarray(dataset.pixels(split))
        assert np.array_equal(pixels, plain[dataset.card.channels].pixels(split))
        assert np.array_equal(dataset.scaling.invert(dataset.scaling.apply(pixels)), pixels)
    assert np.abs(dataset.scaling.apply(np.asarray(dataset.pixels("train")))).max() == pytest.approx(1)


def test_content_hash_tells_scalings_apart_and_repeats(tmp_path, source, plain, zca):
    hashes = [plain[1].content_hash, Dataset.open(zca / "data").content_hash]
    for name, values in {
        "again": {"scaling": "zca"},
        "epsilon": {"scaling": "zca", "scaling_epsilon": 2.0},
        "unit": {"scaling": "unit"},
    }.items():
        dataset = prepare(source, out=tmp_path / name, size=8, channels=1, progress=Silent(), **values)
        hashes.append(dataset.content_hash)
    assert hashes[1] == hashes[2]
    assert len(set(hashes)) == 4
    card = Dataset.open(zca / "data").card
    assert Dataset.open(tmp_path / "again").card == card


def test_constants_are_those_of_the_training_split_read_in_pieces(tmp_path):
    dataset = prepare("digits", out=tmp_path / "data", size=56, scaling="standard", progress=Silent())
    pixels = np.asarray(dataset.pixels("train"))
    assert pixels.nbytes > 1 << 22, "more than is read at once"
    mean, deviation = pixels.mean(dtype=np.float64), pixels.astype(np.float64).std()
    assert dataset.scaling.offset == pytest.approx(mean, rel=1e-9)
    assert dataset.scaling.divisor == pytest.approx(max(mean, 255 - mean), rel=1e-9)
    assert dataset.scaling.apply(pixels).std(dtype=np.float64) == pytest.approx(deviation / (255 - mean), rel=1e-5)


def test_symmetric_keeps_and_records_nothing(digits_at, finished_run, tmp_path):
    dataset, model = Dataset.open(digits_at(8)), export(finished_run, tmp_path / "model")
    for folder, description in ((dataset.folder, "dataset.json"), (finished_run, "config.json"), (model, "model.json")):
        assert not {"scaling", "scaling_constants"} & read_json(folder / description).keys()
        assert not any((folder / name).exists() for name in SCALING_FILES)
    assert "scaled" not in (model / "README.md").read_text()
    assert dataset.scaling is None
    assert load(model).scaling is None
    assert Feed(dataset, 4, scaling=dataset.scaling).batch(0).pixels.dtype == torch.uint8


def test_scaled_dataset_is_replaced_by_one_without(source, breakable):
    dataset = prepare(source, out=breakable / "data", size=8, channels=1, overwrite=True, progress=Silent())
    assert dataset.scaling is None
    assert not any((dataset.folder / name).exists() for name in SCALING_FILES)
    with pytest.raises(ConfigurationError, match="is not the one this run was begun on"):
        resume(breakable / "run", steps=3, data=dataset.folder, progress=Silent())


def test_names_of_all_choices_differ():
    names = list(chain.from_iterable(part.model_fields for part in Choices.parts().values()))
    assert len(names) == len(set(names))
    assert flat(Choices.of({"scaling": "pca", "scaling_components": 3}).scaling)["scaling_components"] == 3


# Training


def test_what_the_discriminator_sees_inverts_to_the_dataset(road):
    dataset, _, _, seen = road
    feed = Feed(dataset, BATCH, SEED)
    wanted = [feed.batch(step).pixels.numpy() for step in range(STEPS)]
    real = [images[:BATCH] for images in seen]
    for pixels in wanted:
        scaled = dataset.scaling.apply(pixels)
        found = [images for images in real if np.array_equal(images, scaled)]
        assert found, "no call of D had this batch"
        assert np.array_equal(dataset.scaling.invert(found[0]), pixels)
        assert not np.array_equal(to_pixels(torch.from_numpy(scaled).permute(0, 3, 1, 2)), pixels)


@pytest.mark.parametrize("workers", [0, 2])
def test_resumed_is_the_same_as_uninterrupted(road, tmp_path, workers):
    dataset, whole, _, _ = road
    run = trained(dataset, tmp_path / "run", steps=2)
    resume(run, steps=STEPS, progress=Silent(), **{"training.workers": workers})
    assert losses(run) == losses(whole)
    assert checkpoint.state_digest(newest(run)) == checkpoint.state_digest(newest(whole))


def test_grid_and_score_are_of_bytes(road):
    dataset, run, _, _ = road
    model, recipe = load(run), RunFolder.open(run).config.recipe.training
    columns = recipe.samples.columns
    grid = picture(run / "samples" / f"{STEPS:08d}.png")
    assert np.array_equal(grid, contact_sheet(model.generate(columns**2, seed=SEED), columns))
    real, network = dataset.pixels("train"), pixel_features()
    chosen = np.sort(Stream(SEED, "score/real").permutation(len(real))[:16])
    ours, theirs = network.features(model.generate(16, seed=SEED)), network.features(np.asarray(real[chosen]))
    value = sliced_distance(theirs, ours, random_directions(ours.shape[1], Stream(SEED, "score/directions")))
    assert model.origin["score"]["value"] == pytest.approx(value, rel=1e-9)


def test_textbook_sees_scaled_images_of_a_folder(zca):
    dataset = Dataset.open(zca / "data")
    gan = Gan(build_generator(image_shape=(1, 8, 8)), build_discriminator(image_shape=(1, 8, 8)))
    with Seen() as seen:
        train_gan(gan, dataset, 0.5, report=lambda _: None, **{"training.batch_size": BATCH})
    pixels = Feed(dataset, BATCH, SEED).batch(0).pixels.numpy()
    assert any(np.array_equal(images[:BATCH], dataset.scaling.apply(pixels)) for images in seen)
    drawn = sample(gan.generator, 5, decode=decoder_of(dataset.scaling))
    assert (drawn.dtype, drawn.shape) == (np.uint8, (5, 8, 8, 1))


# Generation


def test_model_folder_alone_draws_what_the_run_draws(road, tmp_path):
    _, run, exported, _ = road
    from_run = load(run)
    alone = load(shutil.copytree(exported, tmp_path / "elsewhere"))
    drawn = alone.generate(21, seed=3)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (21, *alone.scaling.shape)
    assert np.array_equal(drawn, from_run.generate(21, seed=3))
    assert np.array_equal(drawn, np.concatenate(list(alone.generate_chunks(21, seed=3))))
    assert np.array_equal(drawn[5:9], alone.generate(4, seed=3, first=5))
    latents = alone.generator.draw_latents(Stream(3, "generate/latents", first=0), 16)
    with torch.no_grad():
        values = alone.generator(latents)
    assert np.array_equal(drawn[:16], alone.scaling.invert(values.permute(0, 2, 3, 1).numpy()))
    assert alone.scaling.settings.scaling in (exported / "README.md").read_text()
    again = export(exported, tmp_path / "again")
    for name in SCALING_FILES:
        assert (again / name).read_bytes() == (run / name).read_bytes() == (exported / name).read_bytes()


def test_evaluation_is_of_bytes(road, plain):
    """A model is judged the same by a scaled and an unscaled dataset of the same images."""
    dataset, run, _, _ = road
    found, wanted = (evaluate(run, data, progress=Silent()) for data in (dataset, plain[dataset.card.channels]))
    assert found == wanted


def test_whole_road_by_the_command_line(ganvas, small, source, tmp_path):
    data, run, model, drawn = (tmp_path / name for name in ("data", "run", "model", "drawn"))
    chosen = ["--scaling", "pca", "--scaling-components", 20]
    prepared = ganvas.run("prepare", source, "--out", data, "--size", 8, *chosen)
    assert prepared.code == 0, prepared.err
    assert "scaled by pca" in prepared.out
    for command in (
        ["train", "mlp_gan", "--data", data, "--out", run, "--steps", 2, *small],
        ["export", run, "--out", model],
        ["generate", model, "--num", 3, "--out", drawn],
    ):
        assert (done := ganvas.run(*command)).code == 0, done.err
    for index, pixels in enumerate(load(run).generate(3)):
        assert np.array_equal(picture(drawn / f"seed0-{index:06d}.png"), pixels)


# What is refused


def damage(path):
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


BROKEN = {
    "no settings": (lambda folder: (folder / "scaling.json").unlink(), r"scaling\.json` is missing"),
    "no constants": (lambda folder: (folder / "scaling.safetensors").unlink(), r"scaling\.safetensors` is missing"),
    "torn constants": (
        lambda folder: (folder / "scaling.safetensors").write_bytes(b"torn"),
        r"scaling\.safetensors` is not a valid safetensors file",
    ),
    "other settings": (
        lambda folder: (folder / "scaling.json").write_text(
            (folder / "scaling.json").read_text().replace('"zca"', '"pca"')
        ),
        "is of pca for images .* needs zca",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(("name", "opened"), [("data", Dataset.open), ("run", load), ("model", load)])
def test_broken_scaling_is_refused_with_its_reason(breakable, name, opened, kind):
    breaks, reason = BROKEN[kind]
    breaks(breakable / name)
    with pytest.raises(DamagedError, match=reason):
        opened(breakable / name)


def test_flipped_bit_of_a_scaling_never_passes(breakable):
    damage(breakable / "data" / "scaling.safetensors")
    with pytest.raises(DamagedError, match=r"scaling\.safetensors` is damaged"):
        Dataset.open(breakable / "data").verify()
    damage(breakable / "model" / "scaling.safetensors")
    with pytest.raises(DamagedError, match=r"is not the file that model\.json was written with"):
        load(breakable / "model")


def test_run_goes_on_by_its_own_scaling(breakable):
    """What an interrupted start leaves does not hinder, and the run's own files are those that count."""
    fresh = breakable / "fresh"
    fresh.mkdir()
    shutil.copy(breakable / "run" / "scaling.json", fresh)
    trained(breakable / "data", fresh, steps=2)
    assert losses(fresh) == losses(breakable / "run")
    (fresh / "scaling.safetensors").unlink()
    with pytest.raises(DamagedError, match=r"scaling\.safetensors` is missing"):
        resume(fresh, steps=3, progress=Silent())


REFUSED = {
    "colour": ({"operations": ("hsv",)}, UsageError, "`hsv` needs colour images; these are greyscale"),
    "large": ({"scaling": "zca", "size": 65}, ConfigurationError, "at most 4,096 values.*these have 4,225"),
    "components": ({"scaling": "pca", "scaling_components": 65}, ConfigurationError, "scaling_components is 65"),
    "unfitting": ({"scaling": "zca", "scaling_over": "channel"}, ConfigurationError, "scaling_over is for min_max"),
    "unknown": ({"scaling": "whiten"}, ConfigurationError, "`scaling.scaling` is 'whiten'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_done_is_refused_before_an_image_is_read(tmp_path, kind):
    values, error, reason = REFUSED[kind]
    given = {"size": 8, "progress": Silent()} | values
    with pytest.raises(error, match=reason):
        prepare("digits", out=tmp_path / "data", **given)
    with pytest.raises(error, match=reason):
        doctor("digits", **given)
    assert not list(tmp_path.iterdir())
