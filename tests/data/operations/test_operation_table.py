"""Every operation of the table, on every kind of image; the text and JSON forms; one option list in a Config."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from ganvas.config import Config
from ganvas.data.operations import OPERATIONS
from ganvas.data.operations.operation import (
    AnyOperation,
    InvertibleOperation,
    Operation,
    operation_name,
    read_operation,
)
from ganvas.errors import ConfigurationError, RefusedImage, UsageError

SIZES = [(1, 1), (3, 5), (31, 17)]
INVERTIBLE = {"gamma", "invert", "hsv", "ycbcr", "lab"}
CONSTANT_STAYS = {"centre_mass", "centre_box", "equalise", "clahe", "contrast_stretch", "min_max", "median",
                  "gaussian", "nl_means"}  # fmt: skip


class Pipeline(Config):
    operations: tuple[AnyOperation, ...] = ()


def images(height, width, channels):
    random = np.random.default_rng(height * 100 + width)
    yield random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    yield from (np.full((height, width, channels), value, np.uint8) for value in (0, 9, 255))
    gradient = np.linspace(20, 200, height * width * channels).astype(np.uint8)
    yield gradient.reshape(height, width, channels)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_edits_every_image(name, channels, size):
    operation = read_operation(name)
    for pixels in images(*size, channels):
        before = pixels.copy()
        pixels.flags.writeable = False
        if operation.refuse(channels):
            assert operation.needs_colour
            assert channels == 1
            with pytest.raises(RefusedImage, match="needs colour"):
                operation.apply(pixels)
            continue
        edited = operation.apply(pixels)
        assert (edited.dtype, edited.shape) == (np.uint8, pixels.shape)
        assert np.array_equal(edited, operation.apply(pixels))
        assert np.array_equal(pixels, before)
        assert not np.shares_memory(edited, pixels)
        if channels == 4 and not operation.moves_pixels:
            assert np.array_equal(edited[..., 3], pixels[..., 3])
            assert np.array_equal(edited[..., :3], operation.apply(pixels[..., :3]))


@pytest.mark.parametrize("name", sorted(CONSTANT_STAYS))
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_of_one_value_stay(name, channels):
    for value in (0, 9, 128, 255):
        pixels = np.full((31, 17, channels), value, np.uint8)
        assert np.array_equal(read_operation(name).apply(pixels), pixels)


@pytest.mark.parametrize("name", ["standardise", "gcn", "lcn"])
def test_normalised_images_of_one_value_become_128(name):
    for value in (0, 9, 255):
        assert (read_operation(name).apply(np.full((7, 5, 3), value, np.uint8)) == 128).all()


def test_rows_say_what_they_are():
    for name, entry in OPERATIONS.items():
        operation = entry.load()()
        assert operation_name(operation) == operation.name == name
        assert operation.invertible == isinstance(operation, InvertibleOperation) == (name in INVERTIBLE)
        for key, field in type(operation).model_fields.items():
            assert key == "name" or field.description
        assert "nvertible" in type(operation).__doc__ or operation.invertible


@pytest.mark.parametrize("name", sorted(INVERTIBLE))
@given(pixels=arrays(np.uint8, (4, 6, 4)))
@settings(max_examples=60, deadline=None)
def test_what_is_invertible_comes_back(name, pixels):
    operation = read_operation(name)
    back = operation.invert(operation.apply(pixels))
    assert back.dtype == np.uint8
    assert np.abs(back.astype(int) - pixels).max() <= operation.round_trip_error()
    assert np.array_equal(back[..., 3], pixels[..., 3])


@given(pixels=arrays(np.uint8, (5, 3, 3)))
@settings(max_examples=30, deadline=None)
def test_any_bytes_can_be_undone(pixels):
    for name in INVERTIBLE:
        assert read_operation(name).invert(pixels).shape == pixels.shape


@pytest.mark.parametrize("name", OPERATIONS)
def test_both_forms_come_back(name):
    operation = read_operation(name)
    written = Pipeline(operations=(operation,))
    assert written.plain() == json.loads(written.model_dump_json())
    assert written.plain()["operations"][0]["name"] == name
    assert Pipeline.model_validate(written.plain()) == written == Pipeline(operations=[name])


def test_a_pipeline_takes_text_json_and_instances():
    made = Pipeline(
        operations=["gamma:0.5", {"name": "median", "size": 5}, read_operation("clahe:tiles=4,clip-limit=0.02")]
    )
    assert made.plain()["operations"] == [
        {"name": "gamma", "gamma": 0.5},
        {"name": "median", "size": 5},
        {"name": "clahe", "clip_limit": 0.02, "tiles": 4},
    ]
    assert made.override(operations=["invert"]).operations == (read_operation("invert"),)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("nl-means", {"name": "nl_means", "strength": 10.0, "patch": 5, "distance": 6}),
        (" nl_means: 3 , distance = 2", {"name": "nl_means", "strength": 3.0, "patch": 5, "distance": 2}),
        ("standardise:per_channel=true,limit=2", {"name": "standardise", "limit": 2.0, "per_channel": True}),
        ("centre_box:0", {"name": "centre_box", "background": 0, "tolerance": 8}),
        ("centre_box:border", {"name": "centre_box", "background": "border", "tolerance": 8}),
        ("invert:", {"name": "invert"}),
    ],
)
def test_texts_are_read(text, plain):
    assert read_operation(text).plain() == plain


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("gama:0.8", UsageError, "no operation `gama`.*Did you mean `gamma`.*There are: centre_box"),
        ("clahe:tile=3", UsageError, "no parameter of `clahe` `tile`.*Did you mean `tiles`.*clip_limit, tiles"),
        ("gamma:0", ConfigurationError, "`gamma` is 0.*greater than or equal to 0.1"),
        ("gamma:nan", ConfigurationError, "finite"),
        ("gamma:bright", ConfigurationError, "number"),
        ("gamma:1,gamma=2", UsageError, "twice"),
        ("clahe:tiles=3,0.1", UsageError, "`0.1` has no name.*clip_limit, tiles"),
        ("invert:3", UsageError, "no parameters"),
        ("invert:strength=3", UsageError, "no parameters"),
        ("contrast_stretch:low=60,high=40", ConfigurationError, "below"),
        ("median:4", ConfigurationError, "3, 5, 7, 9 or 11"),
        ("", UsageError, "no operation"),
    ],
)
def test_wrong_texts_are_explained(text, error, words):
    with pytest.raises(error, match=words):
        read_operation(text)
    with pytest.raises(ConfigurationError, match=r"The pipeline does not fit: `operations\.0"):
        Pipeline.read({"operations": [text]}, "The pipeline")


@pytest.mark.parametrize("value", [3, None, {}, {"name": 3}, [], {"name": "gamma", "x": 1}])
def test_wrong_json_is_a_finding(value):
    with pytest.raises(ConfigurationError):
        Pipeline.read({"operations": [value]}, "The pipeline")


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3))])
def test_other_arrays_are_refused(pixels):
    with pytest.raises(UsageError, match=r"uint8 images \[H, W, 1, 3 or 4\]"):
        read_operation("invert").apply(pixels)


def test_operation_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Operation()


def test_reading_operations_imports_nothing_heavy():
    code = (
        "import sys, ganvas.data.operations as table\n"
        "assert 'pydantic' not in sys.modules and 'numpy' not in sys.modules\n"
        "from ganvas.data.operations.operation import read_operation\n"
        "for name in table.OPERATIONS: read_operation(name)\n"
        "import ganvas.data.scaling\n"
        "print([name for name in ('torch', 'scipy', 'skimage') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_library_names_the_extra():
    code = (
        "import sys\n"
        "sys.modules['skimage'] = None\n"
        "from ganvas.data.operations.operation import read_operation\n"
        "print(read_operation('otsu').refuse(1))\n"
        "print(read_operation('gamma').refuse(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"scikit-image, which is not installed. Install with: {sys.executable} -m pip install " in done.stdout
    assert done.stdout.splitlines()[1] == "None"
