"""What a line of a network is: a layer's name and settings, the shape it needs, the shape it gives, its module.

Shapes are those of one sample: (F,) a vector, (C, H, W) an image, (L, D) a sequence of L vectors.
"""

from abc import abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

from torch import nn

from ganvas.catalogue import find
from ganvas.config import Config, Field
from ganvas.errors import ModelError
from ganvas.layers import LAYERS

Shape = tuple[int, ...]
Input = Literal["labels", "latents", "source"]
"""What a layer may be given beside the values: class labels [N], the latents [N, Z], an earlier line's values."""


class Around(NamedTuple):
    """What a line may know of its network: the number of classes (0 without), the latents' size, its source's shape."""

    num_classes: int = 0
    latent_size: int = 0
    source: Shape = ()


class LayerError(ModelError):
    """A shape that a layer cannot take: what it wants, and a fix, in words. The builder adds line and shape."""

    def __init__(self, wanted: str, fix: str) -> None:
        super().__init__(f"it takes {wanted}. {fix}")
        self.wanted = wanted
        self.fix = fix


class Layer(Config):
    """Base of the layers' configurations; `layer` is the row of `LAYERS`."""

    layer: Any
    name: str = Field(default="", max_length=64, description="name by which later lines can take these values")
    source: str = Field(default="", max_length=64, description="name of the line whose values come in beside")

    inputs: ClassVar[tuple[Input, ...]] = ()
    """What the module's `forward` takes after the values, in order."""
    offers: ClassVar[frozenset[str]] = frozenset()
    """What the verdict of a head tells beside the score: `classes`, `embeddings`, `reconstructions`."""

    @abstractmethod
    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape of what comes out for values of shape `given`; raise `LayerError` where it cannot be."""

    @abstractmethod
    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module, for values of a shape that `output` has accepted."""


def layer_of(values: dict[str, Any], origin: str) -> Layer:
    """Return a layer's configuration from its plain values, `layer` among them.

    Raises `ModelError` where they name no layer, `UsageError` where there is none of that name.
    """
    if not isinstance(values.get("layer"), str):
        raise ModelError(f'{origin} names no `layer`. Write, for instance, layer = "linear".')
    config: type[Layer] = find(LAYERS, "layer", values["layer"])
    return config.read(values, origin)


def expect_vector(given: Shape) -> int:
    """Return the length of a vector; raise `LayerError` for any other shape."""
    if len(given) != 1:
        raise LayerError("a vector (F,)", 'Put `layer = "flatten"` before it.')
    return given[0]


def expect_image(given: Shape) -> tuple[int, int, int]:
    """Return channels, height and width; raise `LayerError` for any other shape."""
    if len(given) != 3:
        raise LayerError("an image (C, H, W)", 'Put `layer = "reshape"` with `shape = [C, H, W]` before it.')
    return given[0], given[1], given[2]


def expect_sequence(given: Shape) -> tuple[int, int]:
    """Return length and width of a sequence; raise `LayerError` for any other shape."""
    if len(given) != 2:
        raise LayerError("a sequence (L, D)", 'Put `layer = "reshape"` with `shape = [L, D]` before it.')
    return given[0], given[1]
