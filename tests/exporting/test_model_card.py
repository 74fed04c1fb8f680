"""The README of a model folder: a header that the Hub reads, the scores of these weights, what is not known."""

import pytest
import yaml
from huggingface_hub import ModelCard

from ganvas.exporting.front_matter import yaml_lines
from ganvas.exporting.model_card import Evaluation, Result, model_card
from ganvas.images import ImageShape

SHAPE = ImageShape(1, 28, 28)
FID = Result("grey-1a2b3c4d-fid500", "fid", 1.25, 0.5, 90.0, "lower", (1.0, 1.5), ("1.25", "1 to 1.5", "0.5", "90"))
RECALL = Result(
    "grey-1a2b3c4d-k3-recall500", "k3-recall", 0.5, 0.9, 0.0, "higher", None, ("50.00%", "", "90.00%", "0.00%")
)
MEASURED = Evaluation(
    "My Digits & more", "abcd" * 16, 4000, 500, {"CC-BY-4.0": 4400, "": 100}, 3, (FID, RECALL), ("Beware.",)
)


def card(**changes):
    about = {"name": "my-model", "family": "compact", "image_shape": SHAPE, "classes": ("0", "1"), "origin": {}}
    return model_card(**(about | changes))


def header(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_hub_reads_the_results_with_their_protocols():
    found = ModelCard(card(evaluation=MEASURED)).data
    assert found.model_name == "my-model"
    assert [result.metric_type for result in found.eval_results] == ["fid", "k3-recall"]
    fid = found.eval_results[0]
    assert (fid.metric_name, fid.metric_value, fid.verified) == (FID.protocol, 1.25, False)
    assert fid.metric_args == {"real_images": 0.5, "noise": 90.0, "better": "lower", "interval_95": [1.0, 1.5]}
    assert (fid.task_type, fid.dataset_name) == ("unconditional-image-generation", "My Digits & more")
    assert fid.dataset_type == "my-digits-more"
    assert fid.dataset_args == {"content_hash": "abcd" * 16}
    assert "interval_95" not in found.eval_results[1].metric_args


def test_the_scores_stand_beside_real_images_in_words():
    text = card(evaluation=MEASURED)
    assert "| fid | 1.25 | 1 to 1.5 | 0.5 | 90 | lower | `grey-1a2b3c4d-fid500` |" in text
    assert "means over 3 seeds" in text
    assert "Beware." in text
    assert "CC\\-BY\\-4\\.0 (4,400)" in text
    assert "unknown (100)" in text


def test_without_an_evaluation_nothing_is_claimed():
    text = card()
    assert "model-index" not in header(text)
    assert "How good it is" not in text
    assert header(text)["license"] == "unknown"
    assert "No licence was chosen" in text


def test_task_and_tags_follow_what_the_model_does():
    assert header(card())["tags"] == ["gan", "compact", "image-generation", "class-conditional"]
    assert header(card(classes=()))["tags"] == ["gan", "compact", "image-generation"]
    translator = header(card(translates=True, evaluation=MEASURED))
    assert translator["pipeline_tag"] == "image-to-image"
    assert translator["model-index"][0]["results"][0]["task"]["type"] == "image-to-image"


def test_a_thumbnail_is_named_where_there_are_samples():
    assert header(card())["thumbnail"] == "samples.png"
    without = card(has_samples=False)
    assert "thumbnail" not in header(without)
    assert "samples.png" not in without


def test_a_licence_and_tags_that_are_given_stand_in_header_and_text():
    text = card(licence="apache-2.0", tags=("onnx",), place='snapshot_download("USER/NAME")')
    assert (header(text)["license"], header(text)["tags"][-1]) == ("apache-2.0", "onnx")
    assert "given on under `apache-2.0`" in text
    assert "from huggingface_hub import snapshot_download" in text


@pytest.mark.parametrize("name", ["a: b", "#x", "'\"", "- y", "ünï\u2028\x85", "{}", "yes"])
def test_any_name_survives_the_header(name):
    measured = MEASURED._replace(dataset=name)
    found = header(card(name=name, evaluation=measured))["model-index"][0]
    assert found["name"] == name
    assert found["results"][0]["dataset"]["name"] == name
    assert found["results"][0]["dataset"]["type"]


def test_what_is_unknown_of_the_origin_is_left_out():
    text = card(origin={"recipe": "compact", "score": None, "step": 7, "training": {"seed": 0}})
    assert "| recipe | compact |" in text
    assert "None" not in text
    scored = card(origin={"score": {"protocol": "pixels-mind100", "value": 1.23456}})
    assert "while it was trained: pixels-mind100 1.235" in scored


def test_yaml_lines_are_yaml():
    values = {"a": ["x", 1, None, True], "b": {"c": "\x7f\u2029"}, "d": 'say "so": #no'}
    assert yaml.safe_load(yaml_lines(values)) == values
