"""Bodies: what is JSON here, and what is asked for by it."""

import json

import pytest

from ganvas.serving.asked import read_request, request_schema
from ganvas.serving.reading import depth_of, read_object
from ganvas.serving.refusals import Refusal


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"3", b'"x"', b"{", b"{'seed': 1}", b'{"seed": 1,}', b'{"seed": 01}', b"\xff{}", b"{}{}",
        b'{"seed": NaN}', b'{"seed": -Infinity}', b'{"truncation": 1e999}', b'{"truncation": -1e400}',
        b'{"seed": ' + b"9" * 5000 + b"}", b'{"seed": 1, "seed": 2}', b'{"label": "\\ud800"}', b"\x00",
        b'{"seed": ' + b"[" * 60_000, b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 9 + b"1" + b"}" * 9,
    ],
)  # fmt: skip
def test_what_is_no_object_in_json_is_refused_in_words(body):
    with pytest.raises(Refusal) as refusal:
        read_object(body, most_depth=8)
    assert (refusal.value.status, refusal.value.code) == (400, "unreadable")


def test_depth_counts_brackets_but_not_those_in_texts():
    assert depth_of(json.dumps({"a": [{"b": '[[[[{{{{\\"[['}]})) == 3
    assert depth_of("]]]]") == 0
    assert read_object(b'{"label": "[[[[[[[[[[[[[["}', 2) == {"label": "[" * 14}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"num": 0}, "num"),
        ({"num": 401}, "num"),
        ({"num": "3"}, "num"),
        ({"num": True}, "num"),
        ({"num": 1.5}, "num"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seeds": [1, -1]}, "seeds"),
        ({"seed": 1, "seeds": [2]}, "not both"),
        ({"first": 2**53}, "first"),
        ({"label": 1, "labels": [1]}, "not both"),
        ({"labels": [1, 2], "num": 3}, "2 `labels` are given for 3 images"),
        ({"format": "../../etc/passwd"}, "format"),
        ({"num": 2, "format": "png"}, "one picture"),
        ({"captions": True}, "grid"),
        ({"truncation": 2.5}, "truncation"),
        ({"truncation": "1"}, "truncation"),
        ({"mix_seed": 1}, "belong together"),
        ({"bits": 12}, "bits"),
        ({"mixture": {"3": "much"}}, "mixture"),
        ({"colour": "red"}, "colour"),
        ({"__class__": 1}, "__class__"),
    ],
)
def test_what_does_not_fit_is_named(asked, words):
    with pytest.raises(Refusal, match=words) as refusal:
        read_request(asked)
    assert refusal.value.status == 422


def test_what_is_asked_for_and_the_file_that_fits():
    asked, choice = read_request({"seeds": [3, 5], "num": 2, "truncation": 0.5, "mix_seed": 1, "mix_layers": [0, 1]})
    assert asked.addresses.total == 4
    assert (choice.truncation, choice.mix_layers) == (0.5, (0, 1))
    kinds = [read_request(values).asked.kind for values in ({}, {"num": 2}, {"num": 2, "grid": True})]
    assert kinds == ["png", "zip", "png"]


def test_the_schema_holds_every_field_and_its_bounds():
    schema = request_schema()
    assert {"num", "seed", "labels", "grid", "truncation", "directions", "mixture", "bits"} <= set(schema["properties"])
    assert schema["properties"]["num"]["maximum"] == 400
    assert schema["additionalProperties"] is False
