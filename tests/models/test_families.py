from math import prod

import pytest
import torch
from small import FAMILIES
from torch import Tensor

from ganvas.errors import ConfigurationError, ModelError, UsageError
from ganvas.images import ImageShape
from ganvas.models import MODELS
from ganvas.models.family import build_gan, family_config
from ganvas.players import Translator, give_stream, num_parameters
from ganvas.seeds import Stream

SHAPES = [
    ImageShape(1, 16, 16),
    ImageShape(3, 8, 8),
    ImageShape(1, 28, 28),
    ImageShape(3, 64, 64),
    ImageShape(3, 12, 20),
]


def cases() -> list[tuple[str, ImageShape, int]]:
    """Return every family with every shape that it says it can do, of 10 classes or of 2."""
    triples = [(name, shape, classes) for name in MODELS for shape in SHAPES for classes in (10, 2)]
    can = [(name, shape, classes) for name, shape, classes in triples if not family_config(name).refuse(shape, classes)]
    return [(name, shape, classes) for name, shape, classes in can if classes == 10 or (name, shape, 10) not in can]


@pytest.mark.parametrize(("name", "shape", "classes"), cases(), ids=str)
def test_players_of_every_family(name: str, shape: ImageShape, classes: int) -> None:
    gan = build_gan(family_config(name, **FAMILIES.get(name, {})), shape, classes, seed=1)
    labels = torch.tensor([0, classes - 1, classes // 2])
    latents = gan.generator.draw_latents(Stream(0, "test"), 3)
    given, seen = (latents, labels), lambda images: images
    if isinstance(translator := gan.generator, Translator):
        sources = torch.from_numpy(Stream(0, "test").uniform(3, prod(translator.source_shape))).float()
        given = (*given, sources.view(3, *translator.source_shape) * 2 - 1)
        seen = lambda images: translator.shown(images, given[2])  # noqa: E731
    give_stream(gan, Stream(0, "test"))
    images = gan.generator(*given)
    assert images.shape == (3, *shape)
    verdict = gan.discriminator(seen(images), labels)
    assert len(verdict.scores) == 3
    assert verdict.scores.dim() in (1, 2)
    assert verdict.class_logits is None or verdict.class_logits.shape == (3, classes)
    gan.eval()  # in training, spectral normalisation moves with every call
    composed = gan(*given)
    shown = gan.generator(*given)
    assert shown.abs().max() <= 1
    torch.testing.assert_close(composed.scores, gan.discriminator(seen(shown), labels).scores)
    told = [*verdict, *(decoded for decoded, _ in verdict.reconstructions)]
    sum(value.sum() for value in told if isinstance(value, Tensor)).backward()
    assert all(weight.grad is not None for weight in gan.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_initial_weights_are_a_function_of_the_seed(name: str) -> None:
    torch.manual_seed(1)
    sizes = family_config(name, **FAMILIES.get(name, {}))
    shape, classes = next((shape, classes) for other, shape, classes in cases() if other == name)
    first = build_gan(sizes, shape, classes, seed=3).state_dict()
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(1)), "torch's own generator is left as it was"
    second = build_gan(sizes, shape, classes, seed=3).state_dict()
    other = build_gan(sizes, shape, classes, seed=4).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_acgan_mnist_has_the_books_parameters() -> None:
    gan = build_gan(family_config("acgan_mnist"), ImageShape(1, 28, 28), 10, seed=0)
    assert num_parameters(gan.generator) == 2_657_897
    assert num_parameters(gan.generator, trainable_only=True) == 2_657_321
    assert num_parameters(gan.discriminator) == 525_835


def test_acgan_mnist_is_initialised_as_the_book_says() -> None:
    """Glorot: variance 2 / (fan_in + fan_out); the uniform one is bounded by sqrt(6 / (fan_in + fan_out))."""
    gan = build_gan(family_config("acgan_mnist"), ImageShape(1, 28, 28), 10, seed=0)
    weights = dict(gan.named_parameters())
    deconvolution = weights["generator.grow.0.weight"]
    assert deconvolution.std().item() == pytest.approx((2 / (25 * (384 + 192))) ** 0.5, rel=0.01)
    assert deconvolution.abs().max() > 3.5 * deconvolution.std(), "normal, not uniform"
    linear = weights["generator.start.0.weight"]
    bound = (6 / (100 + 3456)) ** 0.5
    assert linear.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert linear.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert all((weight == 0).all() for name, weight in weights.items() if name.endswith("bias"))


def test_the_basic_gan_has_the_books_layers() -> None:
    gan = build_gan(family_config("mlp_gan"), ImageShape(1, 28, 28), 0, seed=0)
    sizes = [weight.shape[0] for name, weight in gan.named_parameters() if weight.dim() == 2]
    assert sizes == [128, 256, 512, 1024, 784, 512, 256, 1]


@pytest.mark.parametrize(
    ("name", "shape", "num_classes", "words"),
    [
        ("acgan_mnist", ImageShape(1, 16, 16), 10, "28x28 greyscale only"),
        ("acgan_mnist", ImageShape(1, 28, 28), 0, "has none"),
        ("acgan", ImageShape(3, 128, 128), 10, "from 8 to 64 px"),
        ("acgan", ImageShape(4, 32, 32), 10, "1 or 3 channels"),
        ("acgan", ImageShape(3, 32, 32), 0, "has none"),
        ("mlp_gan", ImageShape(3, 256, 256), 0, "fully connected layers do up to"),
    ],
)
def test_what_a_family_cannot_do_is_refused_with_what_it_can(
    name: str, shape: ImageShape, num_classes: int, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        build_gan(family_config(name), shape, num_classes, seed=0)


def test_unknown_family_and_sizes() -> None:
    with pytest.raises(UsageError, match="Did you mean `acgan`"):
        family_config("acgann")
    with pytest.raises(ConfigurationError, match="latent_siz"):
        family_config("acgan", latent_siz=3)
