"""Named benchmarks: their own images and judge, known results beside, and the protocol of stacked MNIST."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.idx import pairs_in
from ganvas.data.sources.mnist import FILES
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.stacked_mnist import NUM_HELD_OUT, triples
from ganvas.data.store import Dataset
from ganvas.errors import DataError, ModelError, RunError, UsageError
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet
from ganvas.metrics.stacked_mnist import count_modes, joint_log_probabilities
from ganvas.metrics.stacked_network import stacked
from ganvas.progress import Silent
from ganvas.recipes.recipe import find_recipe
from ganvas.storage import read_json
from ganvas.workflows.benchmarks import BENCHMARKS
from ganvas.workflows.benchmarks.stacked_mnist import STACKED_MNIST, prepare_triples
from ganvas.workflows.compare import compare

DATA = Path(os.environ.get("GANVAS_DATA", "")) / "mnist"
PLACES = np.array([100, 10, 1])
QUICK = {"training.batch_size": 4, "training.checkpoint.score_images": 0, "training.threads": 1}
NUM_TRAINING, NUM_SAMPLES = 80, 60
needs_mnist = pytest.mark.skipif(
    not (DATA / FILES.files[0].name).is_file(), reason="GANVAS_DATA names no folder with mnist/ in it"
)


def shade(digits):
    """Return a picture [N, 28, 28] of each digit [N]: all of it as bright as the digit is great."""
    return (25 * digits + 12).astype(np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)


def brightness():
    """Return a judge that reads a channel's digit off its mean brightness, with no error."""

    def classify(features):
        digits = (features // 25).clip(0, 9).astype(int)  # [N, 3]
        return joint_log_probabilities(40 * np.eye(10)[digits])

    return FeatureNetwork("stacked-01234567", "Brightness.", lambda pixels: pixels.mean((1, 2)), classify)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the benchmark at a small size: shades for digits, and a judge of shades; and the digits themselves."""
    folder, digits = tmp_path_factory.mktemp("shades"), {}
    for name, count in (("train", 30), ("t10k", 20)):
        digits[name] = np.arange(count) % 10
        values = shade(digits[name])
        header = bytes([0, 0, 8, 3]) + struct.pack(">3I", *values.shape)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(header + values.tobytes())

    def prepare(out, data_dir, progress):
        return prepare_triples(out, pairs_in(data_dir or folder), NUM_TRAINING, NUM_SAMPLES, progress)

    return replace(STACKED_MNIST, prepare=prepare, network=brightness, num_samples=NUM_SAMPLES), digits


def play(benchmark, out, data=None, **more):
    recipes = [find_recipe("mlp_gan"), find_recipe("acgan_mnist")]
    budget = {"steps": 3} | more
    return compare(recipes, data, out, progress=Silent(), benchmark=benchmark, **budget, **QUICK).comparison


@pytest.fixture(scope="module")
def played(small, tmp_path_factory):
    """Return the folder of a comparison on the small benchmark, and what it found."""
    out = tmp_path_factory.mktemp("compared") / "out"
    return out, play(small[0], out)


def test_contestants_are_judged_by_modes_between_real_images_and_noise(played, small):
    out, comparison = played
    found, refused = comparison.contestants
    assert refused.outcome == "refused"  # greyscale alone, with classes
    assert [score.protocol for score in found.scores] == [
        f"stacked-01234567-{name}{NUM_SAMPLES}" for name in ("stacked-modes", "stacked-sure-modes", "stacked-kl")
    ]
    numbers = small[1]["t10k"][triples("test", NUM_SAMPLES, 20)] @ PLACES
    expected = count_modes(numbers)
    modes, sure, kl = found.scores
    assert modes.floor == expected.found
    assert sure.floor == expected.surely_found
    assert kl.floor == pytest.approx(expected.divergence, rel=1e-9)
    assert modes.ceiling < 20  # of noise the mean is grey: few numbers
    assert sure.value <= modes.value <= NUM_SAMPLES
    dataset = Dataset.open(out / "data")
    assert dataset.shape == (3, 28, 28)
    assert (dataset.count("train"), dataset.count("test"), dataset.classes) == (NUM_TRAINING, NUM_SAMPLES, ())


def test_known_results_stand_in_every_table(played):
    out, comparison = played
    rows = {row[0]: row for row in comparison.rows()}
    assert rows["R3GAN, published"][5:-1] == ["1000", "-", "0.029"]
    assert rows["DCGAN, published"][5:-1] == ["99", "-", "3.4"]
    assert rows["PacDCGAN2, published"][5:-1] == ["1000", "-", "0.06"]
    assert rows["even, in theory"][5:-1] == ["1000", "1000", "0.0192"]
    assert rows["triples, in theory"][5:-1] == ["1000", "1000", "0.0235"]
    for name in ("table.txt", "table.md"):
        text = (out / name).read_text()
        for words in ("benchmark stacked-mnist", "R3GAN, published", "https://arxiv.org/abs/2501.05441", "Brightness."):
            assert words in text
    kept = read_json(out / "table.json")
    assert [known["name"] for known in kept["known"]][-1] == "R3GAN, published"
    assert max(len(line) for line in (out / "table.txt").read_text().splitlines() if "  " in line) <= 120
    assert (out / "grid.png").is_file()


def test_the_same_again_trains_nobody_and_prepares_nothing(played, small):
    out, comparison = played
    before = {path: path.stat().st_mtime_ns for path in out.glob("data/*.npy")} | {
        path: path.stat().st_mtime_ns for path in out.glob("runs/*/log.jsonl")
    }
    assert play(small[0], out) == comparison
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.slow
def test_what_was_prepared_before_serves_and_other_images_do_not(played, small, digits_at, tmp_path):
    out, comparison = played
    again = play(small[0], tmp_path / "again", data=out / "data")
    assert again.content_hash == comparison.content_hash
    assert not (tmp_path / "again" / "data").exists()
    with pytest.raises(DataError, match=r"is about 60 held-out images of the source `stacked-mnist`;.* of digits"):
        play(small[0], tmp_path / "other", data=digits_at(28))
    with pytest.raises(DataError, match="26,000"):
        play("stacked-mnist", tmp_path / "few", data=out / "data")
    assert not (tmp_path / "few").exists()


def test_a_comparison_goes_on_after_its_preparation_was_stopped(small, tmp_path):
    (tmp_path / "out" / "data.unfinished").mkdir(parents=True)
    assert play(small[0], tmp_path / "out").contestants[0].scores
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="is not an empty folder"):
        play(small[0], tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_folder_of_another_comparison_is_refused(played, digits_at):
    out, _ = played
    with pytest.raises(RunError, match="holds another comparison"):
        play(None, out, data=digits_at(8))


def test_names_and_data_that_cannot_be(tmp_path):
    with pytest.raises(UsageError, match="Did you mean `stacked-mnist`"):
        play("stacked-minst", tmp_path / "out")
    with pytest.raises(UsageError, match=r"or a benchmark: stacked-mnist\."):
        play(None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_benchmark_says_what_is_known_of_its_own_metrics():
    for name, entry in BENCHMARKS.items():
        benchmark = entry.load()
        assert benchmark.name == name
        for known in benchmark.known:
            assert set(known.values) <= set(benchmark.metrics)
            assert known.source


def test_without_a_dataset_or_a_benchmark_the_command_says_what_there_is(ganvas, tmp_path):
    ended = ganvas.run("compare", "mlp_gan", "--out", tmp_path / "out", "--steps", 3)
    assert ended.code == 1
    assert "a benchmark: stacked-mnist" in ended.err


# Stacked MNIST itself


@pytest.fixture(scope="module")
def digits():
    """Return the test digits of MNIST, uint8 [N, 28, 28], and their labels."""
    items = [item for item in open_source("mnist", DATA.parent, Silent()).items() if item.split == "test"]
    return np.stack([item.content for item in items]), np.array([int(item.label) for item in items])


@needs_mnist
def test_the_shipped_judge_reads_the_three_digits(digits):
    images, labels = digits
    chosen = triples("test", 300, len(images))
    pixels = images[chosen].transpose(0, 2, 3, 1)  # [N, H, W, 3]
    judge = stacked()
    view = judge.view(ImageSet(pixels))
    assert view.logits.shape == (300, 1000)
    np.testing.assert_allclose(np.exp(view.logits).sum(1), 1, rtol=1e-4)
    assert np.mean(view.logits.argmax(1) == labels[chosen] @ PLACES) > 0.96
    red = judge.view(ImageSet(pixels[:, :, :, [0, 0, 0]]))
    digits_of_red = red.logits.argmax(1)
    assert np.mean(digits_of_red == 111 * labels[chosen[:, 0]]) > 0.98
    assert "right on 99." in judge.tells
    with pytest.raises(ModelError, match="read a digit off each of 3 channels"):
        judge.features(pixels[:, :, :, :1])


@needs_mnist
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_published_protocol_at_full_size(digits, tmp_path):
    """128,000 triples; 26,000 held-out ones through the judge have the divergence that their labels have, nearly."""
    dataset = STACKED_MNIST.dataset(tmp_path, None, DATA.parent, Silent())
    assert (dataset.count("train"), dataset.count("test")) == (128_000, NUM_HELD_OUT)
    labels = digits[1][triples("test", NUM_HELD_OUT, len(digits[1]))] @ PLACES
    seen = stacked().view(ImageSet(dataset.pixels("test"))).logits.argmax(1)
    by_label, by_judge = count_modes(labels), count_modes(seen)
    assert by_label.divergence == pytest.approx(0.0235, abs=0.003)
    assert by_judge.divergence == pytest.approx(by_label.divergence, abs=0.002)
    assert by_judge.found == by_label.found == 1000
