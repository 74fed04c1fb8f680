import numpy as np
import pytest
import torch
from small import FAMILIES

from ganvas.data.scaling import fit_scaling
from ganvas.data.scalings.contract import ScalingSettings
from ganvas.generation.decoding import decoder_of
from ganvas.generation.drawing import CHUNK
from ganvas.generation.sampling import draw_labels, sample
from ganvas.images import ImageShape
from ganvas.models import MODELS
from ganvas.models.family import build_gan, family_config, offers_of
from ganvas.players import Generator, to_pixels

DRAWING = [name for name in MODELS if not offers_of(family_config(name)) & {"pairs", "domains"}]
"""Families that draw images of noise; those that translate have tests of their own."""


@pytest.fixture(params=DRAWING)
def generator(request: pytest.FixtureRequest) -> Generator:
    sizes = FAMILIES.get(request.param, {})
    generator = build_gan(family_config(request.param, **sizes), ImageShape(1, 28, 28), 10, seed=0).generator
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in generator.parameters():  # at first, conditional normalisation treats all classes alike
            weight += 0.1 * torch.randn(weight.shape, generator=random)
    return generator


def test_image_i_of_a_seed_is_the_same_in_any_batch(generator: Generator) -> None:
    whole = sample(generator, 3 * CHUNK + 5, seed=4)
    assert whole.shape == (3 * CHUNK + 5, 28, 28, 1)
    for first, num in ((0, 1), (7, 2), (CHUNK - 1, 2), (CHUNK, CHUNK), (5, 2 * CHUNK + 9)):
        np.testing.assert_array_equal(sample(generator, num, seed=4, first=first), whole[first : first + num])
    assert (sample(generator, 3, seed=5) != whole[:3]).any()


def test_a_scaling_is_inverted_whatever_the_batch(generator: Generator) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    scaling = fit_scaling(ScalingSettings(scaling="zca"), lambda: iter([pixels]))
    decode = decoder_of(scaling)
    images = torch.from_numpy(scaling.apply(pixels)).permute(0, 3, 1, 2)
    np.testing.assert_array_equal(decode(images), pixels)
    whole = sample(generator, CHUNK + 5, seed=4, decode=decode)
    for first, num in ((0, 1), (7, 2), (CHUNK - 1, 2)):
        np.testing.assert_array_equal(sample(generator, num, seed=4, first=first, decode=decode), whole[first:][:num])
    assert (whole != sample(generator, CHUNK + 5, seed=4)).any()
    assert decoder_of(None) is to_pixels


def test_a_class_asked_for_is_drawn_whatever_its_neighbours_are(generator: Generator) -> None:
    if not generator.num_classes:
        pytest.skip("this family draws no classes")
    labels = np.arange(20) % 10
    mixed = sample(generator, 20, labels, seed=1)
    threes = sample(generator, 20, np.full(20, 3), seed=1)
    np.testing.assert_array_equal(mixed[labels == 3], threes[labels == 3])
    assert (mixed[labels == 4] != threes[labels == 4]).any()


def test_classes_are_drawn_uniformly_when_none_is_asked_for() -> None:
    generator = build_gan(family_config("acgan"), ImageShape(1, 8, 8), 10, seed=0).generator
    labels = draw_labels(generator, 5000, seed=0)
    assert np.bincount(labels, minlength=10).min() > 400
    np.testing.assert_array_equal(draw_labels(generator, 10, seed=0, first=90), labels[90:100])


def test_sampling_leaves_the_generator_in_its_mode(generator: Generator) -> None:
    generator.train()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    sample(generator, 2)
    assert generator.training
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())
