"""Requests: the same pixels wherever an image stands, classes mixed, truncation, and 16 bits rounded once."""

import numpy as np
import pytest
import torch
from small import FAMILIES

from ganvas.errors import UsageError
from ganvas.generation.classes import can_mix, expect_mixing, weights_of
from ganvas.generation.decoding import to_deep_pixels
from ganvas.generation.drawing import CHUNK, Request, draw_chunks
from ganvas.generation.latents import latents_at, latents_of
from ganvas.generation.sampling import sample
from ganvas.generation.truncation import check_truncation, mean_style, sampled_styles, spread
from ganvas.images import ImageShape, to_bytes
from ganvas.models import MODELS
from ganvas.models.family import build_gan, family_config, offers_of
from ganvas.players import Generator, StyledGenerator, to_pixels

DRAWING = [name for name in MODELS if not offers_of(family_config(name)) & {"pairs", "domains"}]
MIXING = {"acgan", "acgan_mnist", "biggan", "compact", "dcgan", "r3gan", "sequence_gan", "stylegan2", "transgan"}


def built(family: str) -> Generator:
    config = family_config(family, **FAMILIES.get(family, {}))
    generator = build_gan(config, ImageShape(1, 28, 28), 10, seed=0).generator
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in generator.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=random)
    return generator.eval()


def drawn(generator: Generator, request: Request) -> np.ndarray:
    return np.concatenate(list(draw_chunks(generator, request, to_pixels)))


@pytest.fixture(scope="module", params=DRAWING)
def generator(request: pytest.FixtureRequest) -> Generator:
    return built(request.param)


def test_an_image_is_the_same_wherever_it_stands_in_a_request(generator: Generator) -> None:
    whole = sample(generator, CHUNK, np.arange(CHUNK) % 10, seed=4)
    addresses = [(9, 3), (4, 7), (4, 0), (1, 40), (4, 1)]
    labels = np.array([1, 7, 0, 2, 1]) if generator.num_classes else None
    request = Request(latents_at(generator, addresses), labels=labels, noise=tuple(addresses))
    found = drawn(generator, request)
    for place, index in ((1, 7), (2, 0), (4, 1)):
        np.testing.assert_array_equal(found[place], whole[index])


def test_latents_are_those_of_aligned_chunks(generator: Generator) -> None:
    whole = latents_of(generator, 5, 0, 3 * CHUNK)
    for first, num in ((0, 1), (13, 9), (CHUNK, CHUNK)):
        assert torch.equal(latents_of(generator, 5, first, num), whole[first : first + num])
    assert torch.equal(latents_at(generator, [(5, 20), (6, 0), (5, 21), (5, 22)])[[0, 2, 3]], whole[20:23])


@pytest.mark.parametrize("family", DRAWING)
def test_which_families_mix_classes(family: str) -> None:
    generator = built(family)
    assert can_mix(generator) == (family in MIXING)
    if family not in MIXING:
        with pytest.raises(UsageError, match="cannot mix classes"):
            expect_mixing(generator)


@pytest.mark.parametrize("family", sorted(MIXING))
def test_a_mixture_of_one_class_is_that_class_and_others_lie_between(family: str) -> None:
    generator = built(family)
    latents, noise = latents_of(generator, 0, 0, 2), ((0, 0), (0, 1))

    def of(mixture: dict[int, float]) -> np.ndarray:
        weights = np.tile(weights_of(mixture, 10), (2, 1))
        request = Request(latents, class_weights=weights, noise=noise)
        return np.concatenate(list(draw_chunks(generator, request, lambda images: images.numpy())))

    request = Request(latents, labels=np.array([8, 8]), noise=noise)
    eights = np.concatenate(list(draw_chunks(generator, request, lambda images: images.numpy())))
    np.testing.assert_allclose(of({8: 2.0}), eights, atol=1e-5)
    mixed = of({3: 1.0, 8: 1.0})
    assert np.abs(mixed - eights).max() > 1e-4
    assert np.abs(mixed - of({3: 1.0})).max() > 1e-4


def test_shares_of_classes_sum_to_one_and_nonsense_is_refused() -> None:
    np.testing.assert_allclose(weights_of({1: 3.0, 3: 1.0}, 4), [0, 0.75, 0, 0.25])
    for wrong in ({0: -1.0, 1: 2.0}, {0: 0.0}, {0: float("nan")}):
        with pytest.raises(UsageError, match="cannot be"):
            weights_of(wrong, 4)


def test_truncation_scales_latents_or_pulls_styles_to_their_mean(generator: Generator) -> None:
    latents, labels = latents_of(generator, 0, 0, 3), np.zeros(3, np.int64) if generator.num_classes else None
    noise = tuple((0, index) for index in range(3))
    half = drawn(generator, Request(latents, labels=labels, truncation=0.5, noise=noise))
    if isinstance(generator, StyledGenerator):
        asked = torch.zeros(3, dtype=torch.long)
        with torch.no_grad():
            styles = generator.styles(latents, asked)
        by_hand = Request(styles=(styles + mean_style(generator)) / 2, noise=noise)
    else:
        by_hand = Request(latents / 2, labels=labels, noise=noise)
    assert np.abs(half.astype(int) - drawn(generator, by_hand)).max() <= 1
    none = drawn(generator, Request(latents, labels=labels, truncation=0.0, noise=((0, 0),) * 3))
    np.testing.assert_array_equal(none[1], none[0])


def test_the_spread_of_latents_is_that_of_their_distribution() -> None:
    for family in ("acgan_mnist", "compact"):
        generator = built(family)
        assert abs(float(latents_of(generator, 0, 0, 2000).std()) - spread(generator)) < 0.01


def test_truncations_that_cannot_be_are_refused() -> None:
    assert check_truncation(0.7) == 0.7
    for wrong in (-0.1, 2.1, float("nan")):
        with pytest.raises(UsageError, match="Truncation"):
            check_truncation(wrong)


def test_styles_sampled_for_the_mean_are_always_the_same() -> None:
    generator = built("stylegan2")
    assert isinstance(generator, StyledGenerator)
    assert torch.equal(sampled_styles(generator), sampled_styles(generator))


def test_requests_that_do_not_fit_are_refused() -> None:
    generator = built("compact")
    latents = latents_of(generator, 0, 0, 2)
    for request, words in (
        (Request(), "one of the two"),
        (Request(latents[:, :3]), "latents \\[N, 64\\]"),
        (Request(styles=torch.zeros(2, 3, 4)), "no styles"),
        (Request(latents, class_weights=np.zeros((2, 3), np.float32)), "one column a class"),
    ):
        with pytest.raises(UsageError, match=words):
            list(draw_chunks(generator, request, to_pixels))


def test_16_bits_are_rounded_once_and_8_of_them_are_the_same_picture() -> None:
    values = torch.tensor([-1.0, -0.5, 0.0, 1.0, 1.3, 0.123456]).view(1, 1, 1, 6)
    found = to_deep_pixels(values)
    assert found.dtype == np.uint16
    assert found.ravel().tolist() == [0, 16384, 32768, 65535, 65535, round(1.123456 * 32767.5)]
    ramp = torch.linspace(-1, 1, 5001).view(1, 1, 1, -1)
    assert np.abs(to_bytes(to_deep_pixels(ramp)).astype(int) - to_pixels(ramp)).max() <= 1
    every = np.arange(256, dtype=np.uint16) * 257
    np.testing.assert_array_equal(to_bytes(every), np.arange(256))
