"""Scores on the way: of the averaged generator; they change nothing trained, and keep to their share of the time."""

import copy
import json
import shutil
from math import inf

import numpy as np
import pytest
from processes import flags
from ranks import together
from small import settings_of

import ganvas
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError
from ganvas.generation.sampling import CHUNK, draw_labels, sample
from ganvas.metrics.conditional import ACCURACY
from ganvas.metrics.features import FeatureNetwork, of_classifier, pixels
from ganvas.metrics.frechet import FID
from ganvas.metrics.protocol import ImageSet
from ganvas.metrics.sliced import MIND, random_directions, sliced_distance
from ganvas.models.family import build_gan
from ganvas.players import to_pixels
from ganvas.progress import Silent
from ganvas.recipes.recipe import find_recipe
from ganvas.seeds import Stream
from ganvas.storage import new_folder, read_json, write_json
from ganvas.training import checkpoint
from ganvas.training.ranks import Ranks
from ganvas.training.scoring import SCORE, SECONDS, STOPPED, Criterion
from ganvas.training.settings import TrainingConfig
from ganvas.workflows.feature_networks import classifier_of
from ganvas.workflows.gauges import Gauge
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.scoring import Scorer
from ganvas.workflows.train import resume, train

SETTINGS = {
    "training.batch_size": 4,
    "training.checkpoint.score_images": 16,
    "training.checkpoint.every": 2,
    "training.samples.every": 100,
    "training.threads": 1,
}
UNLIMITED = {"training.scoring.most_share": 1.0}
STRICT = {"training.scoring.least_gain": 0.99}
"""No score is an improvement on the first."""
NAME = "pixels-mind16"


class Told(Silent):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


def trained(data, out, steps=6, progress=None, **settings):
    return train("mlp_gan", data, out, steps=steps, progress=progress or Silent(), **(SETTINGS | UNLIMITED | settings))


def states(run):
    """Return the digests of all checkpoints: every bit of the weights, averages and moments."""
    return {path.name: checkpoint.state_digest(path) for path in checkpoint.all_checkpoints(run.checkpoints)}


def real_images(dataset, num):
    """Return the training images that a run of seed 0 is scored against."""
    return dataset.pixels("train")[np.sort(Stream(0, "score/real").permutation(dataset.count("train"))[:num])]


# What is scored


def test_the_score_is_that_of_the_averaged_generator_of_the_step(digits_at, tmp_path):
    average = {"training.average.halflife_images": 50.0}
    run = trained(digits_at(8), tmp_path / "run", **average, **{"training.checkpoint.keep": 9})
    dataset = Dataset.open(digits_at(8))
    real = np.asarray(dataset.pixels("train"))[
        np.sort(Stream(0, "score/real").permutation(dataset.count("train"))[:16])
    ]
    for score in run.judgements():
        (run.folder / "best").write_text(f"{score.step:08d}\n")
        model = ganvas.load(run.folder)
        assert model.origin["score"] == {"protocol": NAME, "value": score.value}
        theirs, ours = (images.reshape(16, -1) / np.float32(255) for images in (real, model.generate(16)))
        directions = random_directions(64, Stream(0, "score/directions"))
        assert score.value == pytest.approx(sliced_distance(theirs, ours, directions), rel=1e-9)


def test_several_scores_and_the_judge_first(digits_at, tmp_path):
    settings = {
        "training.scoring.metrics": ("pixels-mind", "pixels8-fid", "pixels8-k3-precision"),
        "training.scoring.best_by": "pixels8-k3-precision",
        "training.scoring.every": 3,
        "training.checkpoint.keep": 9,
    }
    run = trained(digits_at(8), tmp_path / "run", **settings)
    scored = [record for record in run.read_log() if SECONDS in record]
    assert [record["step"] for record in scored] == [3, 6]
    for record in scored:
        names = [name.removeprefix(SCORE) for name in record if name.startswith(SCORE)]
        assert names == ["pixels8-k3-precision16", "pixels-mind16", "pixels8-fid16"]
    best = max(run.judgements(), key=lambda score: (score.value, score.step))
    assert int((run.folder / "best").read_text()) == best.step
    assert 3 in {int(name) for name in states(run)}, "the best so far is saved, though no checkpoint was due"


def test_the_datasets_own_classifier_may_judge(digits_at, tmp_path):
    """Accuracy of the classes asked for, and FID on the same features, by hand."""
    data = shutil.copytree(digits_at(8), tmp_path / "data")
    dataset = Dataset.open(data)
    network = of_classifier(classifier_of(dataset, Silent()))
    settings = TrainingConfig().override(**{"checkpoint.score_images": 40})
    generator = build_gan(find_recipe("acgan").model, dataset.shape, 10, 0).generator
    scorer = Scorer(dataset, settings, to_pixels, [Gauge(network, ACCURACY), Gauge(network, FID)], generator)
    found = scorer.score(generator)
    assert scorer.criterion == Criterion(f"{network.name}-accuracy40", lower_is_better=False)
    labels = draw_labels(generator, 40, 0)
    ours = network.view(ImageSet(sample(generator, 40, labels, 0), labels))
    assert found[f"{network.name}-accuracy40"] == np.mean(ours.logits.argmax(1) == labels)
    real = np.asarray(dataset.pixels("train"))[
        np.sort(Stream(0, "score/real").permutation(dataset.count("train"))[:40])
    ]
    theirs = network.features(real).astype(np.float64)
    assert found[f"{network.name}-fid40"] == pytest.approx(_frechet(theirs, ours.features.astype(np.float64)), rel=1e-6)


def _frechet(one, two):
    """|m1 - m2|^2 + Tr(S1 + S2) - 2 Tr (S1 S2)^(1/2), the last by the eigenvalues of S1^(1/2) S2 S1^(1/2)."""
    covariances = [np.cov(features.T) for features in (one, two)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ covariances[1] @ root).clip(0)).sum()
    means = np.sum((one.mean(0) - two.mean(0)) ** 2)
    return means + sum(map(np.trace, covariances)) - 2 * shared


def test_real_images_are_looked_at_once(digits_at):
    dataset, seen = Dataset.open(digits_at(8)), []

    def extract(images):
        seen.append(len(images))
        return images.reshape(len(images), -1).astype(np.float32)

    network = FeatureNetwork("counting", "How often it is asked.", extract, expensive=False)
    settings = TrainingConfig().override(**{"checkpoint.score_images": 20})
    generator = build_gan(find_recipe("mlp_gan").model, dataset.shape, 10, 0).generator
    scorer = Scorer(dataset, settings, to_pixels, [Gauge(network, MIND), Gauge(network, FID)], generator)
    first, second = scorer.score(generator), scorer.score(generator)
    assert first == second
    assert list(first) == ["counting-mind20", "counting-fid20"]
    assert seen == [20, 20, 20, 20]  # real for training, real held out, then generated each time


def test_what_an_expensive_network_saw_of_real_images_is_kept_with_the_dataset(digits_at, tmp_path):
    dataset, seen = Dataset.open(shutil.copytree(digits_at(8), tmp_path / "data")), []

    def extract(images):
        seen.append(len(images))
        return images.reshape(len(images), -1).astype(np.float32)

    settings = TrainingConfig().override(**{"checkpoint.score_images": 20})
    generator = build_gan(find_recipe("mlp_gan").model, dataset.shape, 10, 0).generator
    gauges = [Gauge(FeatureNetwork("dear-01234567", "Nothing.", extract), MIND)]
    found = [Scorer(dataset, settings, to_pixels, gauges, generator).score(generator) for _ in range(2)]
    assert found[0] == found[1]
    assert seen == [20, 20, 20, 20]  # real ones once, for training and held out; generated ones twice


@pytest.mark.parametrize("size", [2, 3])
def test_several_processes_share_the_work_and_find_the_same_scores(digits_at, size):
    dataset = Dataset.open(digits_at(8))
    settings = TrainingConfig().override(**{"checkpoint.score_images": 40})
    built = build_gan(find_recipe("acgan").model, dataset.shape, 10, 0).generator

    def found(ranks):
        seen = []

        def extract(images):
            seen.append(len(images))
            return images.reshape(len(images), -1).astype(np.float32)

        network = FeatureNetwork("counting", "How often it is asked.", extract, batch_size=10, expensive=False)
        generator = copy.deepcopy(built)
        gauges = [Gauge(network, MIND), Gauge(network, FID)]
        scorer = Scorer(dataset, settings, to_pixels, gauges, generator, ranks=ranks)
        return [scorer.score(generator, 1e6), scorer.score(generator, 0)], sum(seen)

    alone, num_seen = found(Ranks())
    several = together(size, found)
    assert [scores for scores, _ in several] == [alone] * size
    of_the_first = CHUNK + 2 * 40  # to see how long it takes, and real ones
    assert num_seen == of_the_first + 40
    shares = {2: [20, 20], 3: [20, 10, 10]}[size]  # in whole batches
    assert [seen for _, seen in several] == [of_the_first + shares[0], *shares[1:]]


# What it changes


def test_weights_are_the_same_to_the_bit_however_a_run_is_scored(digits_at, tmp_path):
    often = {
        "training.scoring.every": 1,
        "training.scoring.metrics": ("pixels-mind", "pixels8-fid"),
        "training.checkpoint.keep": 9,
    }
    runs = [
        trained(digits_at(8), tmp_path / "often", **often),
        trained(digits_at(8), tmp_path / "never", **{"training.checkpoint.score_images": 0}),
        trained(digits_at(8), tmp_path / "too dear", **{"training.scoring.most_share": 1e-6}),
    ]
    assert [len(run.judgements()) for run in runs] == [6, 0, 0]
    wanted = states(runs[1])
    assert wanted
    for run in runs:
        assert wanted.items() <= states(run).items()


@pytest.mark.parametrize("recipe", ["sagan", "stylegan2"])
def test_no_state_of_other_networks_is_touched(recipe, digits_for, tmp_path):
    """Spectral norms, batch statistics and noise: the networks whose evaluation could leave a trace."""
    found = []
    for every in (1, 1000):
        more = {"training.scoring.every": every, "training.checkpoint.every": 2, "training.samples.every": 100}
        out = tmp_path / str(every)
        run = train(recipe, digits_for(recipe), out, steps=2, progress=Silent(), **(settings_of(recipe) | more))
        found.append(states(run)["00000002"])
    assert found[0] == found[1]


# What it costs


def test_a_scorer_tries_a_few_images_before_it_spends_much(digits_at):
    """A network that takes 0.1 s an image: 20 images of each kind are 6 s, and are not begun with less than that."""
    now = [0.0]

    def extract(images):
        now[0] += 0.1 * len(images)
        return images.reshape(len(images), -1).astype(np.float32)

    dataset, network = Dataset.open(digits_at(8)), FeatureNetwork("slow", "Nothing.", extract, expensive=False)
    settings = TrainingConfig().override(**{"checkpoint.score_images": 20})
    generator = build_gan(find_recipe("mlp_gan").model, dataset.shape, 10, 0).generator
    scorer = Scorer(dataset, settings, to_pixels, [Gauge(network, MIND)], generator, clock=lambda: now[0])
    assert scorer.score(generator, seconds=0.9) == {}
    assert now[0] == 0.0
    assert scorer.score(generator, seconds=5.0) == {}
    assert now[0] == pytest.approx(1.6)  # 16 images
    assert scorer.score(generator, seconds=6.5) == {}
    assert now[0] == pytest.approx(1.6)  # not tried again
    assert list(scorer.score(generator, seconds=7.5)) == ["slow-mind20"]
    assert now[0] == pytest.approx(1.6 + 6.0)
    assert scorer.score(generator, seconds=1.9) == {}
    assert list(scorer.score(generator, seconds=2.1)) == ["slow-mind20"]  # real images are known now
    assert now[0] == pytest.approx(1.6 + 6.0 + 2.0)
    assert list(scorer.score(generator, seconds=inf)) == ["slow-mind20"]


def test_scores_of_a_short_run_are_left_out_by_default(digits_at, tmp_path):
    run = trained(digits_at(8), tmp_path / "run", **{"training.scoring.most_share": 0.05})
    assert run.judgements() == []
    assert (run.folder / "best").read_text() == (run.folder / "latest").read_text() == "00000006\n"
    spent = sum(record.get(SECONDS, 0.0) for record in run.read_log())
    assert spent <= 0.05 * sum(4 / record["images_per_second"] for record in run.read_log())


# Patience


def test_a_run_that_no_longer_improves_ends_and_says_so(digits_at, tmp_path):
    told = Told()
    patience = {"training.scoring.patience": 3}
    run = trained(digits_at(8), tmp_path / "run", 100, told, **STRICT, **patience)
    assert run.stopped_early
    assert run.stopped_by is None
    log = run.read_log()
    assert len(log) == 8  # a score at 2, and three after it that are no better
    assert [record["step"] for record in log if STOPPED in record] == [8]
    best = (run.folder / "best").read_text().strip()
    assert told.said[-1] == (
        f"Ended early at step 8 of 100: {NAME} has not improved by more than 99.0% in 3 scores. The best checkpoint is "
        f"{best}, which `generate` and `evaluate` take. Go on with: ganvas train --resume {run.folder} "
        "--training.scoring.patience 6"
    )
    again = resume(run.folder, steps=200, progress=Silent())
    assert again.stopped_early
    assert len(again.read_log()) == 8
    further = resume(run.folder, progress=Silent(), **{"training.scoring.patience": 5})
    assert len(further.read_log()) == 12
    whole = trained(digits_at(8), tmp_path / "whole", 12, **STRICT)
    assert not whole.stopped_early
    assert states(further)["00000012"] == states(whole)["00000012"]


@pytest.mark.slow
def test_killed_before_its_patience_ends_it_ends_where_it_would_have(ganvas, digits_at, tmp_path):
    """Killed before some changes on the disk, in scores and in saves; with all that was logged, and the same best."""
    settings = SETTINGS | UNLIMITED | STRICT | {"training.scoring.patience": 3, "training.scoring.every": 1}
    whole = tmp_path / "whole"

    def arguments(out):
        return ["train", "mlp_gan", "--data", digits_at(8), "--out", out, "--steps", 50, *flags(settings)]

    ended = ganvas.run(*arguments(whole), root=str(whole), kill_at=0)
    assert ended.code == 0, ended.err
    assert "Ended early at step 4 of 50" in ended.err
    changes = int(ended.out.rpartition("changes: ")[2])
    for number in range(12, changes, changes // 5):
        run = tmp_path / f"run{number}"
        assert ganvas.run(*arguments(run), root=str(run), kill_at=number).code < 0
        again = ["train", "--resume", run] if (run / "config.json").exists() else arguments(run)
        ended = ganvas.run(*again)
        assert ended.code == 0, ended.err
        assert "Ended early at step 4 of 50" in ended.err
        assert _traces(run) == _traces(whole), number


def _traces(run):
    found = RunFolder.open(run)
    timed = ("images_per_second", "cpu_seconds", SECONDS)
    log = [{name: value for name, value in record.items() if name not in timed} for record in found.read_log()]
    return log, states(found)["00000004"], (run / "best").read_text()


@pytest.mark.slow
def test_a_contestant_that_ended_early_is_scored_and_not_trained_further(digits_at, tmp_path):
    recipe = find_recipe("mlp_gan").override(recipe="stuck", **STRICT)
    settings = SETTINGS | UNLIMITED | {"training.scoring.patience": 2}
    compared = ganvas.compare([recipe], digits_at(8), tmp_path / "out", steps=400, progress=Silent(), **settings)
    (found,) = compared.comparison.contestants
    assert found.steps == 6
    assert found.finished
    assert found.scores
    assert [point.step for point in found.points] == [2, 4, 6]
    assert found.points[0].seconds < found.points[-1].seconds == pytest.approx(found.seconds)


# Runs of before, and settings that cannot be


def test_a_run_begun_before_scores_were_in_the_log_goes_on(digits_at, tmp_path):
    """Its settings have no `scoring`, its scores lie in the checkpoints, its log has none."""
    run = trained(digits_at(8), tmp_path / "run", 4)
    scores = {score.step: score.value for score in run.judgements()}
    config = read_json(run.folder / "config.json")
    del config["recipe"]["training"]["scoring"]
    write_json(run.folder / "config.json", config)
    log = "".join(line for line in _without_scores(run.folder / "log.jsonl"))
    (run.folder / "log.jsonl").write_text(log)
    for step, value in ((2, 0.5), (4, scores[4])):  # the earlier is made the best
        _rewrite(checkpoint.folder_of(run.checkpoints, step), {"score": {"protocol": NAME, "value": value}})
    further = resume(run.folder, steps=8, progress=Silent(), **UNLIMITED)
    assert [score.step for score in further.judgements()] == [6, 8]
    assert (run.folder / "best").read_text() == "00000002\n"
    assert ganvas.load(run.folder).origin["score"] == {"protocol": NAME, "value": 0.5}
    whole = trained(digits_at(8), tmp_path / "whole", 8)
    assert states(further)["00000008"] == states(whole)["00000008"]


def _without_scores(path):
    for line in path.read_text().splitlines():
        record = json.loads(line)
        yield json.dumps({name: value for name, value in record.items() if not name.startswith("score")}) + "\n"


def _rewrite(folder, more):
    """Add to a checkpoint's details, and seal it again."""
    state, files = read_json(folder / "state.json"), {path.name: path.read_bytes() for path in folder.iterdir()}
    with new_folder(folder) as working:
        for name, content in files.items():
            if name not in ("state.json", "manifest.json"):
                (working / name).write_bytes(content)
        write_json(working / "state.json", state | more)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"metrics": ("pixels-find",)}, "names `pixels-find`, and there is no such score"),
        ({"metrics": ("mind",)}, "there is no such score"),
        ({"best_by": "pixels8-fid"}, r"`training\.scoring\.best_by` is `pixels8-fid`, which is not among"),
        ({"metrics": ("pixels-accuracy",)}, "is made for the features `classifier`"),
        ({"metrics": ("pixels8-class-fid",)}, "which needs"),
        ({"metrics": ("pixels-fid-infinity",)}, "takes too long for scores on the way"),
        ({"metrics": ("pixels8-cmmd",)}, "is made for the features `clip`"),
        ({"metrics": ("pixels8-inception-score",)}, "needs at least 100 images of each kind; there are 16"),
        ({"metrics": ("pixels8-c-t",)}, "orders no checkpoints"),
        ({"patience": -1}, "greater than or equal to 0"),
        ({"most_share": 0.0}, "greater than 0"),
    ],
)
def test_scores_that_cannot_be_taken_are_refused_before_anything_is_written(settings, words, digits_at, tmp_path):
    settings = {f"training.scoring.{name}": value for name, value in settings.items()}
    with pytest.raises(ConfigurationError, match=words):
        trained(digits_at(8), tmp_path / "deep" / "run", **settings)
    assert list(tmp_path.iterdir()) == []


def test_settings_of_scores_may_change_when_a_run_goes_on(run_copy):
    settings = {"every": 1, "metrics": ("pixels8-mind",), "patience": 9, "least_gain": 0.5, "most_share": 1.0}
    run = resume(
        run_copy, 8, progress=Silent(), **{f"training.scoring.{name}": value for name, value in settings.items()}
    )
    assert [(score.step, score.protocol) for score in run.judgements()][-2:] == [
        (7, "pixels8-mind16"),
        (8, "pixels8-mind16"),
    ]


def test_classes_of_a_conditional_generator_are_drawn_alike_each_time(digits_at):
    dataset = Dataset.open(digits_at(8))
    settings = TrainingConfig().override(**{"checkpoint.score_images": 20, "seed": 3})
    generator = build_gan(find_recipe("acgan").model, dataset.shape, 10, 0).generator
    scorer = Scorer(dataset, settings, to_pixels, [Gauge(pixels(), MIND)], generator)
    assert scorer.score(generator) == scorer.score(generator)
