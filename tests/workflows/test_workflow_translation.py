"""Translators from end to end: train, resume, generate --sources, evaluate, export, and what they refuse."""

import json

import numpy as np
import pytest
from PIL import Image
from small import settings_of
from two_kinds import write_pictures

import ganvas
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DataError, ModelError, UsageError
from ganvas.images import contact_sheet
from ganvas.progress import Silent
from ganvas.training import checkpoint
from ganvas.workflows.network import summarise
from ganvas.workflows.prepare import prepare
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.synthetic import open_model_source
from ganvas.workflows.train import resume

QUICK = {"training.samples.columns": 4, "training.samples.every": 4, "training.checkpoint.every": 2}


def trained(name, data, folder, steps=4, **settings):
    quick = settings_of(name) | QUICK | settings
    return ganvas.train(name, data, folder / name, steps=steps, progress=Silent(), **quick).folder


@pytest.fixture(scope="module")
def edges_run(tmp_path_factory, two_kinds):
    return trained("pix2pix_edges", two_kinds, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def cycle_run(tmp_path_factory, two_kinds):
    return trained("cyclegan", two_kinds, tmp_path_factory.mktemp("runs"))


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("name", ["pix2pix_edges", "cyclegan"])
def test_a_resumed_run_is_as_one_never_stopped(name, two_kinds, tmp_path, edges_run, cycle_run):
    whole = edges_run if name == "pix2pix_edges" else cycle_run
    part = trained(name, two_kinds, tmp_path, steps=2)
    resume(part, steps=4, progress=Silent())
    ours, theirs = (checkpoint.newest_valid(run / "checkpoints")[0] for run in (part, whole))
    assert checkpoint.state_digest(ours) == checkpoint.state_digest(theirs)


def test_the_grid_of_pairs_has_source_translation_and_target(edges_run, two_kinds):
    model, data = ganvas.load(edges_run), Dataset.open(two_kinds)
    grid = opened(edges_run / "samples" / "00000004.png")
    rows = [grid[2 + 50 * row : 50 + 50 * row, 2:50][::3, ::3] for row in range(9)]
    targets = np.asarray(data.pixels("test"))
    for group in range(3):
        source, translation, target = rows[3 * group : 3 * group + 3]
        (index,) = np.flatnonzero((targets == target).all((1, 2, 3)))
        np.testing.assert_array_equal(source, np.repeat(model.view(targets[index : index + 1])[0], 3, 2))
        made = model.translate(targets[index : index + 1], view=True)[0]
        assert np.abs(made.astype(int) - translation).max() <= 1


def test_the_grid_of_domains_has_pictures_translations_and_those_turned_back(cycle_run, two_kinds):
    data = Dataset.open(two_kinds)
    grid = opened(cycle_run / "samples" / "00000004.png")
    first = [grid[2 + 50 * row : 50 + 50 * row, 2:50][::3, ::3] for row in range(6)]
    pixels, labels = np.asarray(data.pixels("test")), data.labels("test")
    for label in (0, 1):
        (index,) = np.flatnonzero((pixels == first[3 * label]).all((1, 2, 3)))
        assert labels[index] == label
    assert contact_sheet(np.zeros((24, 16, 16, 3), np.uint8), 4).shape == grid.shape


def test_a_picture_is_translated_alike_whatever_others_there_are(edges_run, cycle_run, two_kinds):
    pixels = np.asarray(Dataset.open(two_kinds).pixels("train"))[:20]
    for run, labels in ((edges_run, None), (cycle_run, 1)):
        model = ganvas.load(run)
        sources = model.view(pixels)
        whole = model.translate(sources, labels)
        assert whole.shape == pixels.shape
        np.testing.assert_array_equal(model.translate(sources[7:9], labels), whole[7:9])
    mixed = model.translate(pixels, np.arange(20) % 2)
    np.testing.assert_array_equal(mixed[1::2], whole[1::2])


def test_generate_with_sources_by_the_command_line(ganvas, edges_run, cycle_run, tmp_path):
    pictures = write_pictures(tmp_path / "pictures", size=40, num=3)
    (pictures / "disc" / "no.png").write_bytes(b"no picture")
    wide = Image.new("RGB", (90, 30), "red")
    wide.save(tmp_path / "wide.jpg")
    given = ["--sources", pictures, tmp_path / "wide.jpg", "--out", tmp_path / "out"]
    done = ganvas.run("generate", edges_run, "--view", *given)
    assert done.code == 0, done.err
    assert "Left out `disc/no.png`" in done.err + done.out
    rows = [json.loads(line) for line in (tmp_path / "out" / "images.jsonl").read_text().splitlines()]
    assert [row["source"] for row in rows][:2] == ["disc/000.png", "disc/001.png"]
    assert len(rows) == 7
    assert all(opened(tmp_path / "out" / row["file"]).shape == (16, 16, 3) for row in rows)
    assert (tmp_path / "out" / "grid.png").is_file()
    done = ganvas.run("generate", cycle_run, "--sources", pictures, "--label", "square", "--out", tmp_path / "squares")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "squares" / "images.jsonl").read_text().splitlines()]
    assert {row["label"] for row in rows} == {"square"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--sources FOLDER"),
        (["--sources", "{pictures}", "--num", 3], "leave --num, --seed, --first"),
        (["--sources", "{pictures}"], "Which class should the pictures be turned into"),
        (["--sources", "{pictures}", "--label", "cat"], "no class `cat`"),
        (["--sources", "{pictures}/none"], "neither by name nor as a path"),
    ],
)
def test_what_generate_refuses_in_one_line(ganvas, cycle_run, tmp_path, options, words):
    pictures = write_pictures(tmp_path / "pictures", num=1)
    given = [str(option).format(pictures=pictures) for option in options]
    done = ganvas.run("generate", cycle_run, *given, "--out", tmp_path / "out")
    assert done.code == 1
    assert words in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_models_that_draw_take_no_sources_and_translators_draw_none(finished_run, edges_run, tmp_path):
    pictures = write_pictures(tmp_path / "pictures", num=1)
    with pytest.raises(UsageError, match="draws pictures of its own"):
        ganvas.translate(finished_run, pictures, tmp_path / "out", progress=Silent())
    with pytest.raises(UsageError, match="draws none without: give pictures"):
        ganvas.load(edges_run).generate(2)
    with pytest.raises(UsageError, match="draws none of its own"):
        open_model_source(edges_run, 10)
    with pytest.raises(UsageError, match=r"uint8 \[N, 16, 16, 1\], at least one; these are uint8 \[2, 16, 16, 3\]"):
        ganvas.load(edges_run).translate(np.zeros((2, 16, 16, 3), np.uint8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no picture that can be read"):
        ganvas.translate(edges_run, tmp_path / "empty", tmp_path / "out", progress=Silent())


@pytest.mark.parametrize("name", ["pix2pix_edges", "cyclegan"])
def test_translations_of_held_out_pictures_are_evaluated(name, two_kinds, edges_run, cycle_run):
    scores = ganvas.evaluate(edges_run if name == "pix2pix_edges" else cycle_run, two_kinds, progress=Silent())
    assert {"accuracy", "mind"} <= {score.metric for score in scores}
    assert all(score.num_samples == Dataset.open(two_kinds).count("test") for score in scores)


def test_a_checkpoint_is_scored_by_translations(edges_run, cycle_run):
    for run in (edges_run, cycle_run):
        judgements = RunFolder.open(run).judgements()
        assert judgements
        assert all(score.protocol.startswith("pixels-translated-mind") and score.value > 0 for score in judgements)


def test_an_exported_translator_translates_and_shows_its_runs_grid(edges_run, cycle_run, two_kinds, tmp_path):
    pixels = np.asarray(Dataset.open(two_kinds).pixels("test"))[:3]
    folder = ganvas.export(edges_run, tmp_path / "model")
    np.testing.assert_array_equal(
        ganvas.load(folder).translate(pixels, view=True), ganvas.load(edges_run).translate(pixels, view=True)
    )
    assert (folder / "samples.png").read_bytes() == (edges_run / "samples" / "00000004.png").read_bytes()
    again = ganvas.export(folder, tmp_path / "again")
    assert (again / "samples.png").read_bytes() == (folder / "samples.png").read_bytes()
    card = (folder / "README.md").read_text()
    assert "pipeline_tag: image-to-image" in card
    assert "gan.translate(pictures)" in card
    alone = ganvas.export(ganvas.load(cycle_run), tmp_path / "alone")
    newest = max((cycle_run / "samples").glob("*.png"))
    assert (alone / "samples.png").read_bytes() == newest.read_bytes(), "a model knows the run that it was loaded from"
    assert "samples.png" in (alone / "README.md").read_text()
    assert "gan.translate(pictures, labels='disc')" in (alone / "README.md").read_text()


def test_comparing_recipes_draws_a_translators_row(two_kinds, tmp_path):
    small = {"training.batch_size": 4, "training.checkpoint.score_images": 8, "training.threads": 1}
    sizes = {"model.generator_width": 4, "model.discriminator_width": 4}
    names = ["pix2pix_edges", "cyclegan"]
    compared = ganvas.compare(names, two_kinds, tmp_path / "both", steps=2, progress=Silent(), **small, **sizes)
    assert [row.problem for row in compared.comparison.contestants] == ["", ""]
    assert (tmp_path / "both" / "grid.png").is_file()


def test_the_summary_of_a_network_names_its_sources(edges_run):
    model = ganvas.load(edges_run)
    generator, discriminator = summarise(model.config, model.image_shape, 2)
    assert generator.takes == "sources (1, 16, 16)"
    assert discriminator.takes == "images (4, 16, 16)"
    assert generator.multiply_adds > 0


def test_what_cannot_be_trained_is_refused_before_anything_is_written(two_kinds, digits_at, tmp_path):
    out = tmp_path / "run"
    with pytest.raises(ModelError, match=r"this dataset has 10\. Put the two kinds of pictures into two folders"):
        ganvas.train("cyclegan", digits_at(16), out, progress=Silent())
    with pytest.raises(ModelError, match="leaves out colours"):
        ganvas.train("pix2pix_colour", digits_at(16), out, progress=Silent())
    with pytest.raises(ConfigurationError, match="makes one image of each real one"):
        ganvas.train("cyclegan", two_kinds, out, **{"training.generator_batch_size": 5})
    with pytest.raises(ConfigurationError, match="translate pictures with known targets"):
        ganvas.train("cyclegan", two_kinds, out, **{"training.objective.generator.l1.weight": 5})
    scaled = prepare(tmp_path_of(two_kinds), out=tmp_path / "scaled", size=16, scaling="standard", progress=Silent())
    with pytest.raises(ConfigurationError, match="is scaled by standard"):
        ganvas.train("pix2pix_edges", scaled, out, progress=Silent())
    assert not out.exists()


def tmp_path_of(two_kinds):
    """Return the folder of the pictures that a dataset of two kinds was prepared from."""
    return two_kinds.parent / "pictures"
