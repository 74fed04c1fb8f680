"""What every way of augmenting must keep to, and each operation's table row."""

import pytest
import torch

from ganvas.augment import AUGMENTATIONS
from ganvas.augment.augmentation import Augmentation
from ganvas.errors import UsageError
from ganvas.seeds import Stream

WAYS: dict[str, Augmentation] = {name: entry.load() for name, entry in AUGMENTATIONS.items()}
CASES = [(name, operation) for name, way in WAYS.items() for operation in ("", *way.groups, *way.operations)]
SHAPES = [(1, 8, 8), (3, 8, 8), (4, 8, 8), (3, 6, 10), (1, 9, 7)]


def images_of(shape, num=6, dtype=torch.float32):
    values = Stream(5, "test/images").uniform(num, shape[0] * shape[1] * shape[2])
    return torch.from_numpy(2 * values - 1).to(dtype).view(num, *shape)


def played(name, operation, images, probability, stream=Stream(3, "test")):  # noqa: B008  (a stream is immutable)
    return WAYS[name](images, stream, torch.tensor(probability), (operation,) if operation else ())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "operation"), CASES)
def test_shape_and_identity_at_probability_0(name, operation, shape):
    images = images_of(shape)
    torch.testing.assert_close(played(name, operation, images, 0.0), images, rtol=0, atol=1e-6)
    augmented = played(name, operation, images, 1.0)
    assert augmented.shape == images.shape
    assert augmented.isfinite().all()


@pytest.mark.parametrize(("name", "operation"), CASES)
def test_probability_1_changes_images(name, operation):
    images = images_of((3, 8, 8), 64)
    changed = (played(name, operation, images, 1.0) != images).flatten(1).any(1)
    may_draw_none = {"x_flip", "luma_flip", "quarter_turns", "translation", "integer_translation"}
    assert changed.float().mean() > (0.3 if operation in may_draw_none else 0.9)


@pytest.mark.parametrize(("name", "operation"), CASES)
def test_a_sample_does_not_depend_on_its_batch(name, operation):
    images, stream = images_of((3, 8, 8)), Stream(3, "test", step=2)
    whole = played(name, operation, images, 0.7, stream)
    for first, last in ((0, 1), (2, 5), (5, 6)):
        part = played(name, operation, images[first:last], 0.7, stream._replace(first=first))
        torch.testing.assert_close(part, whole[first:last], rtol=0, atol=1e-6)
    assert not torch.equal(played(name, operation, images, 1.0, stream._replace(step=3)), whole)


@pytest.mark.parametrize(("name", "operation"), CASES)
def test_derivatives_first_and_second(name, operation):
    images = images_of((3, 5, 6), 2, torch.float64).requires_grad_()

    def play(values):
        return played(name, operation, values, 1.0)

    assert torch.autograd.gradcheck(play, images, fast_mode=True)
    assert torch.autograd.gradgradcheck(play, images, fast_mode=True)


@pytest.mark.parametrize("name", WAYS)
def test_gradient_penalty_passes_through(name):
    """R1's own path: the squared gradient by images, differentiated by D's weights."""
    images, weight = images_of((3, 8, 8)).requires_grad_(), torch.full((3, 8, 8), 0.5, requires_grad=True)
    scores = (weight * played(name, "", images, 0.8)).square().sum((1, 2, 3))
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    gradient.square().sum().backward()
    assert weight.grad is not None
    assert weight.grad.abs().max() > 0


@pytest.mark.parametrize("name", WAYS)
def test_colour_leaves_alpha(name):
    images = images_of((4, 8, 8))
    augmented = played(name, "colour", images, 1.0)
    assert torch.equal(augmented[:, 3], images[:, 3])
    assert not torch.equal(augmented[:, :3], images[:, :3])


@pytest.mark.parametrize("name", WAYS)
def test_colour_of_grey_is_one_line_for_all_pixels(name):
    """Brightness and contrast alone: y = a x + b for each image."""
    images = images_of((1, 8, 8), dtype=torch.float64)
    augmented = played(name, "colour", images, 1.0)
    for before, after in zip(images.flatten(1), augmented.flatten(1), strict=True):
        slope = (after[1] - after[0]) / (before[1] - before[0])
        assert slope > 0
        torch.testing.assert_close(after, slope * (before - before[0]) + after[0])


@pytest.mark.parametrize("name", WAYS)
def test_the_share_of_chosen_images_is_p(name):
    images = images_of((1, 4, 4), 4000)
    untouched = (played(name, "colour", images, 0.3) == images).flatten(1).all(1).double().mean()
    num_operations = 1 if name == "diffaugment" else 2  # ADA draws for brightness and contrast apart
    assert untouched == pytest.approx(0.7**num_operations, abs=0.03)  # four standard deviations


def test_unknown_operation_names_the_likeliest_meant():
    with pytest.raises(UsageError, match=r"no operation `colours`\. Did you mean `colour`"):
        WAYS["ada"].chosen(("colours",))


def test_groups_and_names_mean_operations():
    way = WAYS["ada"]
    assert way.chosen(("blitting", "noise")) == {"x_flip", "quarter_turns", "integer_translation", "noise"}
    assert way.chosen(()) == set(way.operations) - {"noise", "cutout"}
    assert WAYS["diffaugment"].chosen(()) == {"colour", "translation", "cutout"}
