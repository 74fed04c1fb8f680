"""Images of a model as a source: in order, repeatable, marked as synthetic."""

import numpy as np
import pytest

from ganvas.data.sources.generated import generated_source
from ganvas.data.sources.source import Source
from ganvas.errors import DataError, ModelError, UsageError
from ganvas.images import ImageShape


def of_numbers(total: int, labels: list[str] | None = None) -> tuple[Source, list[tuple[int, int]]]:
    calls: list[tuple[int, int]] = []

    def draw(first: int, num: int) -> np.ndarray:
        calls.append((first, num))
        return np.arange(first, first + num, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2)

    source = generated_source(
        "model", total, draw, channels=1, origin="acgan", fingerprint="0", labels=labels, licence="CC0-1.0"
    )
    return source, calls


def test_images_come_in_order_in_batches_and_only_when_asked_for():
    source, calls = of_numbers(150, [f"class {number % 3}" for number in range(150)])
    assert calls == []
    found = list(source.items())
    assert [int(item.content[0, 0, 0]) for item in found] == list(range(150))
    assert calls == [(0, 64), (64, 64), (128, 22)]
    assert [item.label for item in found[:4]] == ["class 0", "class 1", "class 2", "class 0"]
    assert {(item.facts.is_synthetic, item.facts.licence) for item in found} == {(True, "CC0-1.0")}
    assert (source.total, source.channels, source.licence) == (150, 1, "CC0-1.0")
    assert "made by a model" in source.note


def test_wrong_numbers_are_told():
    with pytest.raises(DataError, match="at least 1"):
        of_numbers(0)
    with pytest.raises(DataError, match="with 2 labels"):
        of_numbers(3, ["a", "b"])


def test_a_trained_model_is_a_source(finished_run):
    from ganvas.workflows.model import load
    from ganvas.workflows.synthetic import is_model_folder, open_model_source

    assert is_model_folder(finished_run)
    source = open_model_source(finished_run, 70, seed=3)
    found = list(source.items())
    model = load(finished_run)
    assert (source.total, source.channels, source.reader) == (70, 1, "generated")
    np.testing.assert_array_equal(np.stack([item.content for item in found]), model.generate(70, seed=3))
    assert open_model_source(finished_run, 70, seed=3).fingerprint == source.fingerprint
    assert open_model_source(finished_run, 70, seed=4).fingerprint != source.fingerprint
    assert all(item.facts.is_synthetic for item in found)


def test_classes_of_a_conditional_model_are_balanced(tmp_path):
    from ganvas.models.family import family_config
    from ganvas.workflows.model import Model
    from ganvas.workflows.synthetic import source_of_model

    model = Model.untrained(family_config("acgan_mnist"), ImageShape(1, 28, 28), tuple("abcdefghij"))
    source = source_of_model(model, "acgan", 25, seed=1)
    found = list(source.items())
    assert "".join(str(item.label) for item in found) == "abcdefghijabcdefghijabcde"
    numbers = [index % 10 for index in range(25)]
    np.testing.assert_array_equal(np.stack([item.content for item in found]), model.generate(25, numbers, seed=1))


def test_places_without_a_model_are_told(tmp_path):
    from ganvas.workflows.synthetic import is_model_folder, open_model_source

    assert not is_model_folder(tmp_path)
    with pytest.raises(ModelError, match="neither a run folder"):
        open_model_source(tmp_path, 8)
    with pytest.raises(UsageError, match="at least 1"):
        open_model_source(tmp_path, 0)
