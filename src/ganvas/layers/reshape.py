"""Reshape: the same values in another shape, between vector, image and sequence.

Formula: vector to or from another shape: the order of the values stays; image (C, H, W) to or from a sequence (L, D):
    the values are taken place by place, y[l, d] of x[c, i, j] with l D + d = (i W + j) C + c
Shapes: [N, F] -> [N, C, H, W] or [N, L, D], and back; [N, C, H, W] -> [N, H W, C], each place a token, or
    -> [N, H, W C], each row one, and back; the number of values must not change
Parameters: none
Use it when: in G, after the first linear layer, to make its vector a small map (4x4 or 7x7) that later layers enlarge;
    in D and in G, to feed a map to recurrent or attention layers and to lay the result out again
Beware: the shape only has to fit in its count of values: [256, 4, 4] and [4, 4, 256] both pass, and channels come
    first here; a new map has no neighbourhood yet, the linear layer before it must learn one
Paper: Radford, Metz and Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks"; tokens of places: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"
See also: torch.nn.Unflatten; flatten, linear, crop
"""

from math import prod
from typing import Annotated, Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape

Side = Annotated[int, Field(ge=1, le=1_000_000)]


class Reshape(nn.Module):
    """Lays the values of each sample out in another shape; images and sequences turn into each other by place."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, ...] to [N, *shape]."""
        given, wanted = x.dim() - 1, len(self.shape)
        if (given, wanted) == (3, 2):
            return x.permute(0, 2, 3, 1).reshape(x.shape[0], *self.shape)  # [N, C, H, W] -> [N, H, W, C] -> [N, L, D]
        if (given, wanted) == (2, 3):
            channels, height, width = self.shape
            return x.reshape(x.shape[0], height, width, channels).permute(0, 3, 1, 2)
        return x.reshape(x.shape[0], *self.shape)


class Config(Layer):
    """The same values in another shape."""

    layer: Literal["reshape"] = Field(default="reshape", description="the same values in another shape")
    shape: tuple[Side, ...] = Field(
        min_length=1, max_length=3, description="[F] a vector, [L, D] a sequence, [C, H, W] an image"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape asked for."""
        if prod(given) != prod(self.shape):
            raise LayerError(
                f"{prod(self.shape):,} values for {list(self.shape)}",
                f"These are {prod(given):,}: give a `shape` of as many, or change the `units` or `channels` before it.",
            )
        return self.shape

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return Reshape(self.shape)
