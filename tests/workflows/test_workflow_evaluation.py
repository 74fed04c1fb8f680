"""Assessments, rankings, reports and cards of small real models: from the images to every number and picture."""

import csv
import io
import json
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
import yaml
from PIL import Image
from small import settings_of

import ganvas
from ganvas.errors import UsageError
from ganvas.metrics.conditional import agreement
from ganvas.progress import Silent
from ganvas.workflows.assessment import assess
from ganvas.workflows.evaluations import Evaluations, kept, newest_of, read_results, require_alike
from ganvas.workflows.feature_networks import open_features, suited
from ganvas.workflows.model import load
from ganvas.workflows.ranking import Ranking, rank
from ganvas.workflows.score_table import blocks, legend, text_of

FEW = ["fid", "accuracy", "k3-precision", "k3-recall"]
SMALL = {
    "model.generator_width": 4,
    "model.discriminator_width": 4,
    "model.feature_size": 8,
    "training.checkpoint.score_images": 16,
    "training.checkpoint.every": 2,
    "training.checkpoint.keep": 3,
    "training.threads": 1,
    "training.batch_size": 16,
}


@pytest.fixture(scope="module")
def acgan_run(tmp_path_factory, digits_at):
    """A run of four steps of a small ACGAN at 8 px, with two checkpoints; copied, not changed."""
    out = tmp_path_factory.mktemp("runs") / "acgan"
    return ganvas.train("acgan", digits_at(8), out, steps=4, progress=Silent(), **SMALL).folder


@pytest.fixture
def acgan(acgan_run, tmp_path):
    return shutil.copytree(acgan_run, tmp_path / "acgan")


@pytest.fixture
def plain(finished_run, tmp_path):
    """A run without classes."""
    return shutil.copytree(finished_run, tmp_path / "plain")


@pytest.fixture(scope="module")
def assessment(acgan_run, digits_at):
    return assess(acgan_run, digits_at(8), progress=Silent(), metrics=FEW)


@pytest.fixture(scope="module")
def ranked(acgan_run, finished_run, digits_at, tmp_path_factory):
    """A ranking of two copied runs with all that it writes: the ranking, its folder, the runs."""
    runs = tmp_path_factory.mktemp("ranked")
    folders = [shutil.copytree(run, runs / name) for run, name in ((acgan_run, "first"), (finished_run, "second"))]
    ranking = rank(folders, digits_at(8), progress=Silent(), out=runs / "out")
    return ranking, runs / "out", folders


class Text(HTMLParser):
    """The text of a page, its style left out."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tag = [], ""
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tag = tag

    def handle_data(self, data):
        if self.tag != "style":
            self.words.append(data)


# One model


def test_scores_are_a_view_of_the_assessment(acgan, assessment, digits_at):
    scores = ganvas.evaluate(acgan, digits_at(8), progress=Silent(), metrics=FEW)
    assert scores == assessment.scores
    assert [score.metric for score in scores] == ["accuracy", "k3-precision", "k3-recall", "fid"]
    assert all(score.features == "classifier" for score in scores)
    assert str(scores).startswith("Scores of protocols classifier-")


def test_classes_are_asked_for_as_often_as_training_holds_them(assessment, digits_at):
    data = ganvas.Dataset.open(digits_at(8))
    asked = np.bincount(assessment.generated.labels, minlength=10) / len(assessment.generated.labels)
    real = np.bincount(data.labels("train"), minlength=10) / data.count("train")
    assert len(assessment.generated.labels) == data.count("test")
    np.testing.assert_allclose(asked, real, atol=4 * np.sqrt(0.09 / data.count("test")))
    same = assessment.model.generate(5, assessment.generated.labels[:5], seed=0)
    np.testing.assert_array_equal(same, assessment.generated.pixels[:5])


def test_the_view_is_what_the_network_sees_of_the_images(assessment):
    network = assessment.networks[0]
    np.testing.assert_array_equal(assessment.view.features, network.features(assessment.generated.pixels))
    np.testing.assert_array_equal(assessment.training.features, network.features(assessment.dataset.pixels("train")))


def test_confusion_and_accuracy_are_of_the_same_images(assessment):
    scores = {score.metric: score for score in assessment.scores}
    assert assessment.obedience.accuracy == scores["accuracy"].value
    assert assessment.real_obedience.accuracy == scores["accuracy"].floor
    held_out = assessment.held_out
    assert assessment.real_obedience.plain() == agreement(held_out.labels, held_out.logits).plain()


def test_the_audit_is_of_these_images(assessment):
    found = assessment.audit
    assert len(found.generated.nearness) == len(assessment.generated.pixels)
    assert len(found.held_out.nearness) == assessment.dataset.count("test")
    assert found.authenticity > found.held_out_authenticity, "four steps of training copy nothing"


def test_several_seeds_give_means_and_intervals(acgan, digits_at):
    together = ganvas.evaluate(acgan, digits_at(8), 3, Silent(), ["pixels8"], ["fid"], seeds=2)[0]
    data, model = ganvas.Dataset.open(digits_at(8)), load(acgan)
    values = together.details["values"]
    assert together.value == pytest.approx(np.mean(values))
    assert together.interval[0] < together.value < together.interval[1]
    first = ganvas.evaluate(model, data, 3, Silent(), ["pixels8"], ["fid"])[0]
    assert values[0] == first.value != values[1]
    assert together.protocol == first.protocol
    with pytest.raises(UsageError, match="give 1 to"):
        ganvas.evaluate(model, data, seeds=0)


def test_features_suit_the_dataset_or_are_those_asked_for(digits_at, two_kinds):
    digits, pictures = ganvas.Dataset.open(digits_at(8)), ganvas.Dataset.open(two_kinds)
    assert suited(digits) == suited(pictures) == "classifier"
    names = [network.name for network in open_features(["pixels8", "pixels"], digits, Silent())]
    assert names == ["pixels8", "pixels"]
    with pytest.raises(UsageError, match="feature network"):
        open_features(["inceptoin"], digits, Silent())


def test_evaluations_are_kept_by_weights(acgan, digits_at):
    assert kept(acgan) == ()
    for _ in range(2):
        ganvas.evaluate(acgan, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid"])
    ganvas.evaluate(acgan, digits_at(8), 1, Silent(), ["pixels8"], ["fid"])
    found = kept(acgan)
    assert [one.seed for one in found] == [0, 1], "the same again replaces the first"
    weights = load(acgan).origin["generator_sha256"]
    assert newest_of(found, weights) == found[-1]
    assert newest_of(found, "0" * 64) is None
    assert newest_of(found, "") is None


@pytest.mark.parametrize("content", ["{", "[]", '{"evaluations": [{}]}', " " * (1 << 25) + "{}"])
def test_damaged_evaluations_are_left_aside(acgan, digits_at, tmp_path, capsys, content):
    (acgan / "evaluation.json").write_text(content)
    folder = ganvas.export(acgan, tmp_path / "model")
    assert "model-index" not in (folder / "README.md").read_text()
    assert "evaluation.json" in capsys.readouterr().err
    ganvas.evaluate(acgan, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid"])
    assert len(kept(acgan)) == 1


# Several models


def test_a_row_for_each_model_and_a_column_for_each_protocol(ranked):
    ranking, _, _ = ranked
    names, *columns = ranking.columns()
    assert names.cells == ("first", "second", "real images", "noise")
    by_head = {column.head: column for column in columns}
    assert by_head["accuracy"].cells[1] == "-", "nothing can be asked of the second"
    assert by_head["accuracy"].best == frozenset()
    fids = [next(score for score in model.scores if score.metric == "fid") for model in ranking.models]
    assert by_head["fid"].cells == tuple(
        f"{value:.4g}" for value in (fids[0].value, fids[1].value, fids[0].floor, fids[0].ceiling)
    )
    assert int(np.argmin([score.value for score in fids])) in by_head["fid"].best


def test_what_a_ranking_writes(ranked):
    ranking, out, folders = ranked
    assert Ranking.read(json.loads((out / "scores.json").read_text()), "it") == ranking
    rows = list(csv.DictReader(io.StringIO((out / "scores.csv").read_text())))
    assert len(rows) == len(ranking.scores)
    for row, score in zip(rows, ranking.scores, strict=True):
        assert row["protocol"] == score.protocol
        assert float(row["value"]) == score.value
        assert (float(row["low"]), float(row["high"])) == score.interval
    with Image.open(out / "samples.png") as picture:
        height = picture.size[1]
    assert height > 2 * 48
    assert [(out / folder.name / "report.html").is_file() for folder in folders] == [True, True]


def test_the_report_of_a_run(ranked, digits_at):
    ranking, out, folders = ranked
    text = Text((out / "first" / "report.html").read_text()).text
    for words in ("Is it good?", "Not yet", "Does it draw what was asked for?", "How it was trained", "Losses"):
        assert words in text
    for score in ranking.models[0].scores:
        assert score.protocol in text
    assert load(folders[0]).origin["generator_sha256"] in text
    assert ganvas.Dataset.open(digits_at(8)).content_hash in text
    second = Text((out / "second" / "report.html").read_text()).text
    assert "Nothing can be asked of this model" in second
    assert "Class by class" not in second


def test_other_checkpoints_are_measured_for_the_report_and_kept(ranked):
    _, out, folders = ranked
    run = folders[1]
    found = kept(run)
    assert {one.step for one in found} == {2, 4, 6}
    assert len({one.weights for one in found}) == 3
    others = [one for one in found if one.weights != load(run).origin["generator_sha256"]]
    assert all({"fid", "k3-precision", "k3-recall"} == {score.metric for score in one.scores} for one in others)
    text = Text((out / "second" / "report.html").read_text()).text
    for one in others:
        assert f"step {one.step}" in text
    assert "the best of 2 others" in text


def test_earlier_results_are_ranked_beside_todays(ranked, acgan, digits_at):
    _, out, folders = ranked
    earlier = [out / "scores.json", folders[0]]
    found = rank([], None, earlier=earlier, progress=Silent())
    assert [model.name for model in found.models] == [
        "first (earlier)",
        "second (earlier)",
        "first (earlier) 2",
    ]
    together = rank([acgan], digits_at(8), progress=Silent(), metrics=FEW, earlier=[out / "scores.json"])
    fids = [next(score for score in model.scores if score.metric == "fid") for model in together.models]
    assert fids[0] == fids[1], "the same weights, the same score"


def test_what_may_not_be_compared_is_refused(ranked, tmp_path):
    ranking, _, _ = ranked
    first, second = ranking.models
    shared = [score for score in first.scores if score.metric == "fid"]

    def with_scores(scores, **changes):
        return first.model_copy(update={"scores": tuple(scores), **changes})

    fewer = shared[0].model_copy(update={"protocol": "classifier-00000000-fid100", "num_samples": 100})
    with pytest.raises(UsageError, match=r"Scores of one protocol were expected.*classifier-00000000-fid100"):
        require_alike([second, with_scores([fewer])])
    less_real = shared[0].model_copy(update={"num_reference": 7})
    with pytest.raises(UsageError, match="against 7 images"):
        require_alike([second, with_scores([less_real])])
    elsewhere = first.dataset.model_copy(update={"content_hash": "f" * 64})
    with pytest.raises(UsageError, match=r"against 2, of content hashes .*ffffffff"):
        require_alike([second, with_scores(shared, dataset=elsewhere)])
    accuracy = [score for score in first.scores if score.metric == "accuracy"]
    with pytest.raises(UsageError, match="shares no protocol with the others"):
        require_alike([second, with_scores(accuracy)])
    require_alike([second, with_scores(shared)])
    require_alike([second])
    path = tmp_path / "other.json"
    path.write_text(json.dumps([less_real.plain()]))
    with pytest.raises(UsageError, match="against 7 images"):
        rank([], None, earlier=[path, ranked[1] / "scores.json"], progress=Silent())


def test_models_and_results_that_cannot_be(acgan, digits_at, tmp_path):
    with pytest.raises(UsageError, match="Nothing to rank"):
        rank([], digits_at(8), progress=Silent())
    with pytest.raises(UsageError, match="--data"):
        rank([acgan], None, progress=Silent())
    with pytest.raises(UsageError, match="given twice"):
        rank([acgan, acgan], digits_at(8), progress=Silent())
    (tmp_path / "none.json").write_text(json.dumps(Evaluations().plain()))
    with pytest.raises(UsageError, match="holds no evaluation"):
        read_results(tmp_path / "none.json")
    (tmp_path / "odd.json").write_text('{"models": [{"name": 3}]}')
    with pytest.raises(ganvas.GanvasError, match=r"odd\.json"):
        read_results(tmp_path / "odd.json")


def test_models_of_one_name_are_told_apart(acgan_run, digits_at, tmp_path):
    runs = [shutil.copytree(acgan_run, tmp_path / place / "run") for place in ("a", "b")]
    found = rank(runs, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid"])
    assert [model.name for model in found.models] == ["a-run", "b-run"]


# The card


def test_the_card_shows_scores_of_these_weights_only(acgan, digits_at, tmp_path):
    ganvas.evaluate(acgan, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid", "k3-recall"])
    folder = ganvas.export(acgan, tmp_path / "model")
    header = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    results = header["model-index"][0]["results"][0]
    score = next(one for one in kept(acgan)[0].scores if one.metric == "fid")
    fid = next(one for one in results["metrics"] if one["type"] == "fid")
    assert (fid["name"], fid["value"]) == (score.protocol, score.value)
    assert results["dataset"]["args"]["content_hash"] == ganvas.Dataset.open(digits_at(8)).content_hash
    again = ganvas.export(folder, tmp_path / "again")
    assert "model-index" in (again / "README.md").read_text(), "what is known goes on with the model"
    ganvas.resume(acgan, 6, progress=Silent())
    (acgan / "best").write_text((acgan / "latest").read_text())
    later = ganvas.export(acgan, tmp_path / "later")
    assert "model-index" not in (later / "README.md").read_text(), "those are scores of another checkpoint"
    assert not (later / "evaluation.json").exists()


def test_a_model_folder_keeps_its_own_evaluation(plain, digits_at, tmp_path):
    folder = ganvas.export(plain, tmp_path / "model")
    assert "model-index" not in (folder / "README.md").read_text()
    ganvas.evaluate(folder, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["mind"])
    ganvas.export(folder, folder)
    text = (folder / "README.md").read_text()
    assert "pixels8-mind359" in text
    ganvas.evaluate(folder, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["mind"])


# Translators


def test_a_translator_is_reported_with_what_it_was_given(two_kinds, tmp_path):
    settings = settings_of("pix2pix_edges")
    run = ganvas.train("pix2pix_edges", two_kinds, tmp_path / "run", steps=2, progress=Silent(), **settings).folder
    ranking = rank([run], two_kinds, progress=Silent(), features=["pixels8"], metrics=["mind"], out=tmp_path / "out")
    assert len(ranking.models) == 1
    text = Text((tmp_path / "out" / "report.html").read_text()).text
    assert "given" in text
    assert "made" in text


# The command


def test_the_command_prints_one_model_as_before(ganvas, acgan, digits_at):
    about = ["--data", digits_at(8), "--features", "pixels8", "--metrics", "fid", "k3-recall"]
    shown = ganvas.run("evaluate", acgan, *about)
    assert shown.code == 0, shown.err
    assert "pixels8-METRIC359" in shown.out
    assert shown.out.index("Is it good?") < shown.out.index("pixels8-METRIC359")
    assert max(map(len, shown.out.split("Next: ")[0].splitlines())) <= 80
    assert f"ganvas train --resume {acgan} --steps 12" in shown.out
    assert f"ganvas evaluate {acgan} --data {digits_at(8)} --out reports/acgan" in shown.out
    printed = ganvas.run("evaluate", acgan, *about, "--json")
    assert [score["metric"] for score in json.loads(printed.out)] == ["k3-recall", "fid"]


def test_the_command_ends_with_the_report_and_what_to_do_next(ganvas, acgan, digits_at, tmp_path):
    shown = ganvas.run("evaluate", acgan, "--data", digits_at(8), "--metrics", *FEW, "--out", tmp_path / "out")
    assert shown.code == 0, shown.err
    answers, rest = shown.out.split("Scores of protocols")
    assert [line.split("?")[0] for line in answers.splitlines() if "? " in line] == [
        "Is it good",
        "Is it diverse",
        "Does it draw what was asked for",
        "Did it copy my pictures",
        "Is it better than before",
        "May I compare these numbers",
    ]
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in rest
    assert 'Next: docs/trouble.md, "When training goes wrong"' in rest
    assert f"ganvas train --resume {acgan} --steps 12" in rest
    kept_answers = json.loads((tmp_path / "out" / "scores.json").read_text())["reports"][0]["answers"]
    assert (kept_answers[0]["question"], kept_answers[0]["verdict"]) == ("Is it good?", "Not yet")


def test_the_command_ranks_writes_and_refuses(ganvas, acgan, plain, digits_at, tmp_path):
    about = ["--data", digits_at(8), "--metrics", "fid", "k3-recall"]
    table, report = tmp_path / "table.csv", tmp_path / "report"
    shown = ganvas.run("evaluate", acgan, plain, *about, "--features", "pixels8", "--csv", table, "--out", report)
    assert shown.code == 0, shown.err
    for words in ("acgan", "plain", "real images", "noise", "pixels8-fid359, lower is better"):
        assert words in shown.out
    assert len(table.read_text().splitlines()) == 1 + 4
    assert f"Report: {report / 'acgan' / 'report.html'}" in shown.out
    assert (report / "acgan" / "report.html").is_file()
    other = ganvas.run("evaluate", acgan, *about, "--features", "pixels", "--compare", report / "scores.json")
    assert other.code == 1
    assert "shares no protocol" in other.err


# Tables


def test_columns_are_laid_out_within_the_width(ranked):
    columns = ranked[0].columns()
    for width in (40, 60, 80, 120):
        found = blocks(columns, width)
        assert all(block[0] == columns[0] for block in found)
        assert [column for block in found for column in block[1:]] == columns[1:]
        for block in found:
            lines = text_of(block)
            assert len(lines) == 1 + 4
            assert max(map(len, lines)) <= width or len(block) == 2
    assert len(legend(ranked[0].scores)) == len(columns) - 1
