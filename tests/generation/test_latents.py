"""Seeds, interpolation, walks and mixed styles, by formulas worked out by hand."""

import math

import pytest
import torch
from small import FAMILIES

from ganvas.errors import UsageError
from ganvas.generation.latents import expect_styles, interpolate, mixed_styles, read_seeds, walk
from ganvas.images import ImageShape
from ganvas.models.family import build_gan, family_config


def test_seeds_are_numbers_and_ranges() -> None:
    assert read_seeds("0-3,40, 7") == [0, 1, 2, 3, 40, 7]
    for wrong in ("", "a", "3-1", "-3", "1-", "1,,2", "0-99999999", str(2**64), "1.5"):
        with pytest.raises(UsageError, match="seed"):
            read_seeds(wrong)


def test_spherical_interpolation_keeps_the_length_and_halves_the_angle() -> None:
    east, north = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    half = interpolate(east, north, 0.5)
    torch.testing.assert_close(half, torch.full((2,), math.sqrt(2)))
    third = interpolate(east, north, 1 / 3)
    torch.testing.assert_close(third, 2 * torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6)]))
    torch.testing.assert_close(interpolate(east, north, 0.25, "linear"), torch.tensor([1.5, 0.5]))


def test_ends_are_exact_and_parallel_ones_go_straight() -> None:
    start, end = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(interpolate(start, end, 0.0), start)
    assert torch.equal(interpolate(start, end, 1.0), end)
    torch.testing.assert_close(interpolate(start, 3 * start, 0.5), 2 * start)
    assert torch.isfinite(interpolate(start, -start, 0.5)).all()
    assert torch.isfinite(interpolate(torch.zeros(3), torch.ones(3), 0.5)).all()


def test_a_walk_touches_each_stop_and_a_loop_returns() -> None:
    stops = torch.eye(3)
    open_ended = list(walk(stops, 4, "linear", loop=False))
    assert len(open_ended) == 9
    for place, stop in ((0, 0), (4, 1), (8, 2)):
        assert torch.equal(open_ended[place], stops[stop])
    closed = list(walk(stops, 4, "linear", loop=True))
    assert len(closed) == 12
    torch.testing.assert_close(closed[10], (stops[2] + stops[0]) / 2)


def test_styles_of_some_layers_are_taken_of_another() -> None:
    own, others = torch.zeros(1, 6, 2), torch.ones(1, 6, 2)
    mixed = mixed_styles(own, others, 2, 3)
    assert mixed[0, :, 0].tolist() == [0, 0, 1, 1, 0, 0]
    assert own.sum() == 0
    with pytest.raises(UsageError, match="layers 0 to 5"):
        mixed_styles(own, others, 2, 6)
    with pytest.raises(UsageError, match="no styles"):
        expect_styles(build_gan(family_config("dcgan", **FAMILIES["dcgan"]), ImageShape(1, 16, 16), 0, 0).generator)
