"""Skip connection: the values of an earlier line come in again, added to the values or laid beside them.

Formula: add: y = x + z; concatenate: y = [x, z], along the channels of images, the width of sequences and vectors
Shapes: add: x and z alike -> the same; concatenate: [N, C, H, W] and [N, B, H, W] -> [N, C + B, H, W];
    [N, L, D] and [N, L, E] -> [N, L, D + E]; [N, F] and [N, G] -> [N, F + G]
Parameters: none
Use it when: in G and in D, around two or three layers (add), so that deep networks still learn; in a G that turns
    images into images, from each size down to the same size up (concatenate, the U-Net)
Beware: added values grow with every block: normalise after, or divide by sqrt(2); a concatenation widens the next layer
    and so its weights; the first layers learn first, and what is skipped may stay idle
Paper: He, Zhang, Ren and Sun 2016, "Deep Residual Learning for Image Recognition"; Ronneberger, Fischer and Brox 2015,
    "U-Net: Convolutional Networks for Biomedical Image Segmentation"
See also: up_block, down_block, skip_layer_excitation
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_source
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape

Way = Literal["add", "concatenate"]


class SkipConnection(nn.Module):
    """Adds an earlier line's values, or lays them beside."""

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.way = way

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """Map values and the earlier values, [N, ...] each, to the sum or to both side by side."""
        if self.way == "add":
            return x + source
        return torch.cat([x, source], dim=1 if x.dim() == 4 else -1)


class Config(Layer):
    """An earlier line's values, added or laid beside."""

    inputs: ClassVar[tuple[Input, ...]] = ("source",)
    layer: Literal["skip_connection"] = Field(
        default="skip_connection", description="the values of an earlier line (`source`) come in again"
    )
    way: Way = Field(default="add", description="add the values, or lay them beside")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given (add), or the shape with the source's channels or width more (concatenate)."""
        source = expect_source(around)
        if self.way == "add":
            if source != given:
                raise LayerError(
                    f"values of the source's shape {source} to add to",
                    'Set `way = "concatenate"`, or name a line of the same shape as `source`.',
                )
            return given
        axis = 0 if len(given) == 3 else len(given) - 1
        if len(source) != len(given) or any(
            ours != theirs for index, (ours, theirs) in enumerate(zip(given, source, strict=True)) if index != axis
        ):
            raise LayerError(
                f"values that differ from the source's shape {source} in channels or width alone",
                "Resample one of the two to the other's size.",
            )
        return (*given[:axis], given[axis] + source[axis], *given[axis + 1 :])

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return SkipConnection(self.way)
