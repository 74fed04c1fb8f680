import gzip
import hashlib
import io
import itertools
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ganvas.data.clusters import clusters, exact_groups, representatives
from ganvas.data.duplicates import NearDuplicates, near_pairs
from ganvas.data.hamming import close_pairs
from ganvas.data.measures import Measured, measure
from ganvas.errors import DataError
from ganvas.seeds import Stream

DATA = Path(os.environ.get("GANVAS_DATA", "nowhere"))


def needs(name):
    return pytest.mark.skipif(not (DATA / name).exists(), reason=f"GANVAS_DATA names no folder with {name} in it")


def found_among(images, settings=None):
    measured = Measured.of([measure(image) for image in images])
    return near_pairs(measured.hashes, measured.thumbnails, settings, measured.colours)


@pytest.fixture(scope="module")
def pictures():
    """Smooth random pictures, all different."""
    noise = Stream(0, "pictures").normal(60, 12 * 12).reshape(60, 12, 12)
    return [
        Image.fromarray(np.clip(128 + 50 * values, 0, 255).astype(np.uint8)).resize(
            (160, 160), Image.Resampling.BICUBIC
        )
        for values in noise
    ]


@pytest.mark.parametrize("flip", [0, 0x5555_5555_5555_5555])
def test_close_pairs_are_those_of_plain_counting(flip):
    words = Stream(1, "hashes").words(150, 1)[:, 0]
    words[70] = words[3] ^ np.uint64(flip) ^ np.uint64(0b111)
    found = {
        (int(a), int(b)): int(bits) for close in close_pairs(words, 20, flip) for a, b, bits in zip(*close, strict=True)
    }
    plain = [int(word) for word in words]
    every = {(a, b): (plain[a] ^ plain[b] ^ flip).bit_count() for a, b in itertools.combinations(range(150), 2)}
    assert found == {pair: bits for pair, bits in every.items() if bits <= 20}
    assert found[3, 70] == 3


def test_blocks_cover_all_pairs():
    found = sum(len(close.first) for close in close_pairs(np.zeros(5000, np.uint64), 0))
    assert found == 5000 * 4999 // 2


def test_different_pictures_are_no_pairs(pictures):
    assert len(found_among(pictures).pairs) == 0


def test_each_kind_of_copy_is_found(pictures):
    first = pictures[0]
    buffer = io.BytesIO()
    first.save(buffer, "JPEG", quality=30)
    copies = [first.resize((50, 70)), Image.open(buffer), ImageOps.mirror(first), first.crop((8, 8, 152, 152))]
    found = found_among([*pictures, *copies])
    kinds = {
        tuple(pair): kind for pair, *kind in zip(found.pairs.tolist(), found.mirrored, found.reframed, strict=True)
    }
    assert {(0, 60), (0, 61), (0, 62), (0, 63)} <= kinds.keys()
    assert {index for pair in kinds for index in pair} == {0, 60, 61, 62, 63}
    assert kinds[0, 60] == [False, False] and kinds[0, 62] == [True, False] and kinds[0, 63] == [False, True]


def test_settings_limit_what_is_a_duplicate(pictures):
    first = pictures[0]
    images = [*pictures, ImageOps.mirror(first), first.crop((8, 8, 152, 152))]
    strict = NearDuplicates(mirrored=False, max_difference_reframed=0)
    assert len(found_among(images, strict).pairs) == 0


def test_flat_images_are_no_pairs():
    shades = [Image.new("L", (64, 64), shade) for shade in (0, 40, 40, 255, 255)]
    assert len(found_among(shades).pairs) == 0


def test_colours_tell_pictures_apart(pictures):
    luma = np.asarray(pictures[0])
    red, blue = (np.stack([luma // 2 + 90 * (channel == c) for c in range(3)], -1) for channel in (0, 2))
    images = [Image.fromarray(values.astype(np.uint8)) for values in (red, blue, red)]
    assert found_among([*pictures[1:], *images]).pairs.tolist() == [[59, 61]]


@pytest.mark.parametrize("num", [0, 1])
def test_too_few_images(num):
    found = near_pairs(np.zeros(num, np.uint64), np.zeros((num, 256), np.uint8))
    assert found.pairs.shape == (0, 2)


def test_wrong_shapes_are_named():
    with pytest.raises(DataError, match=r"thumbnails \(2, 256\); found \(2, 64\)"):
        near_pairs(np.zeros(2, np.uint64), np.zeros((2, 64), np.uint8))


def test_clusters_and_their_representatives():
    found = clusters(7, np.array([[4, 5], [1, 3], [3, 6]]))
    assert found.tolist() == [-1, 0, -1, 0, 1, 1, 0]
    areas, num_bytes = np.array([1, 9, 1, 9, 5, 5, 4]), np.array([1, 10, 1, 20, 7, 7, 99])
    assert np.flatnonzero(representatives(found, areas, num_bytes)).tolist() == [0, 2, 3, 4]
    assert clusters(3, np.zeros((0, 2), np.int64)).tolist() == [-1, -1, -1]


def test_exact_groups():
    digests = [hashlib.sha256(word.encode()).digest() for word in "bacbdca"]
    found = exact_groups(np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32))
    assert found.tolist() == [0, 1, 2, 0, -1, 2, 1]
    assert exact_groups(np.zeros((0, 32), np.uint8)).tolist() == []


@pytest.mark.slow
@needs("mnist")
def test_no_two_digits_are_duplicates():
    with gzip.open(DATA / "mnist" / "train-images-idx3-ubyte.gz") as file:
        content = file.read(16 + 5000 * 784)
    digits = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
    assert len(found_among([Image.fromarray(digit) for digit in digits]).pairs) <= 2


@needs("messy.tar")
def test_planted_duplicates_are_found():
    with tarfile.open(DATA / "messy.tar") as tar:
        truth = json.load(tar.extractfile("messy/ground_truth.json"))["entries"]
        near = [entry for entry in truth if entry["expect"] == "near-duplicate"]
        singles = [entry for entry in truth if entry["expect"] == "use" and not entry["problems"]]
        names = [entry["path"] for entry in singles + near]
        images = [Image.open(tar.extractfile(f"messy/photos/{name}")).convert("RGB") for name in names]
    place = {name: index for index, name in enumerate(names)}
    planted = {(place[entry["near_duplicate_of"]], place[entry["path"]]) for entry in near}
    found = {tuple(pair) for pair in found_among(images).pairs.tolist()}
    assert len(planted & found) >= 0.95 * len(planted)
    assert len(found - planted) <= 2
