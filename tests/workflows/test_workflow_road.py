"""generate, evaluate, export and load, on a run as `ganvas train` leaves it."""

import json

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.errors import ConfigurationError, ModelError, RunError, UsageError
from ganvas.images import ImageShape
from ganvas.metrics import METRICS
from ganvas.models.family import family_config
from ganvas.progress import Silent
from ganvas.workflows.model import Model


def opened(path):
    """Return a picture's values."""
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def acgan_run(tmp_path_factory, digits_at):
    """A run of a few steps of a small ACGAN at 8 px."""
    sizes = {"model.generator_width": 4, "model.discriminator_width": 4, "model.feature_size": 8}
    quick = {"training.checkpoint.score_images": 16, "training.threads": 1, "training.batch_size": 16}
    out = tmp_path_factory.mktemp("runs") / "acgan"
    return ganvas.train("acgan", digits_at(8), out, steps=3, progress=Silent(), **sizes, **quick).folder


def test_generate_writes_the_images_their_list_and_a_grid(acgan_run, tmp_path):
    grid = ganvas.generate(acgan_run, tmp_path / "out", num=20, labels="7", seed=3, progress=Silent())
    model = ganvas.load(acgan_run)
    expected = model.generate(20, labels=7, seed=3)
    rows = [json.loads(line) for line in (tmp_path / "out" / "images.jsonl").read_text().splitlines()]
    assert [row["label"] for row in rows] == ["7"] * 20
    for row, pixels in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(opened(tmp_path / "out" / row["file"]), pixels[..., 0])
    assert opened(grid).shape[1] > 5 * 8


def test_generating_more_leaves_other_files_alone(acgan_run, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    ganvas.generate(acgan_run, tmp_path, num=3, progress=Silent())
    ganvas.generate(acgan_run, tmp_path, num=5, progress=Silent())
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert len(list(tmp_path.glob("seed0-*.png"))) == 5


def test_labels_by_name_number_and_list(acgan_run):
    model = ganvas.load(acgan_run)
    np.testing.assert_array_equal(model.generate(2, labels="3"), model.generate(2, labels=3))
    np.testing.assert_array_equal(model.generate(2, labels=[3, "4"]), model.generate(2, labels=np.array([3, 4])))
    for wrong, words in ((10, "classes 0 to 9"), (-1, "classes 0 to 9"), ("dog", "no class `dog`"), ([1], "1 labels")):
        with pytest.raises(UsageError, match=words):
            model.generate(2, labels=wrong)
    with pytest.raises(UsageError, match="at least 1"):
        model.generate(0)


def test_exported_model_draws_the_same_pixels(acgan_run, tmp_path):
    folder = ganvas.export(acgan_run, tmp_path / "model")
    names = {path.name for path in folder.iterdir()} - {"evaluation.json"}  # there, where the run was evaluated before
    assert names == {"model.json", "generator.safetensors", "discriminator.safetensors", "README.md", "samples.png"}
    np.testing.assert_array_equal(ganvas.load(folder).generate(5, seed=2), ganvas.load(acgan_run).generate(5, seed=2))
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: ganvas")
    assert "acgan" in card
    assert opened(folder / "samples.png").shape[1] > 80
    ganvas.export(folder, folder)  # a model folder may be replaced by a newer export
    with pytest.raises(UsageError, match="no export format `onx`"):
        ganvas.export(acgan_run, tmp_path / "other", to="onx")


def test_export_never_replaces_a_foreign_folder(acgan_run, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(RunError, match="is not a model folder"):
        ganvas.export(acgan_run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_evaluate_stands_between_floor_and_ceiling(acgan_run, digits_at):
    scores = {score.metric: score for score in ganvas.evaluate(acgan_run, digits_at(8), progress=Silent())}
    metrics = [entry.load() for entry in METRICS.values()]
    suitable = [metric for metric in metrics if not metric.suits or "classifier" in metric.suits]
    assert scores.keys() == {metric.name for metric in suitable if not metric.costly}
    assert scores["accuracy"].floor >= 0.95, "the classifier knows the real digits"
    assert scores["accuracy"].value < 0.8, "three steps teach nothing"
    assert scores["fid"].floor < scores["fid"].value
    assert scores["fid"].floor < scores["fid"].ceiling
    again = ganvas.evaluate(ganvas.load(acgan_run), digits_at(8), progress=Silent())
    assert {score.metric: score for score in again} == scores, "the same model and seed: the same scores"


def test_real_training_images_score_near_the_floor(digits_at):
    from ganvas.metrics.evaluation import evaluate
    from ganvas.metrics.features import of_classifier
    from ganvas.metrics.protocol import ImageSet
    from ganvas.workflows.feature_networks import classifier_of

    data = ganvas.Dataset.open(digits_at(8))
    training, held_out = (ImageSet(data.pixels(split), data.labels(split)) for split in ("train", "test"))
    network = of_classifier(classifier_of(data, Silent()))
    scores = {score.metric: score for score in evaluate(training, held_out, training, [network])}
    assert scores["accuracy"].value > 0.99
    assert scores["fid"].value < 2 * scores["fid"].floor < 0.1 * scores["fid"].ceiling


def test_a_model_is_evaluated_on_its_own_kind_of_data(acgan_run, digits_at):
    with pytest.raises(ModelError, match="Prepare the dataset at the model's size"):
        ganvas.evaluate(acgan_run, digits_at(16), progress=Silent())
    letters = Model.untrained(family_config("acgan"), ImageShape(1, 8, 8), ("a", "b"))
    with pytest.raises(ModelError, match="draws the classes a, b"):
        ganvas.evaluate(letters, digits_at(8), progress=Silent())


def test_unconditional_model_has_no_accuracy(finished_run, digits_at):
    scores = ganvas.evaluate(finished_run, digits_at(8), progress=Silent())
    assert "accuracy" not in {score.metric for score in scores}
    with pytest.raises(UsageError, match="draws no wanted classes"):
        ganvas.load(finished_run).generate(1, labels=3)


def test_a_class_term_for_a_family_without_classes_is_refused_before_anything_is_written(digits_at, tmp_path):
    with pytest.raises(ConfigurationError, match="choose an ACGAN recipe"):
        ganvas.train(
            "mlp_gan", digits_at(8), tmp_path / "run", **{"training.objective.generator.class_asked.weight": 1}
        )
    assert not (tmp_path / "run").exists()
