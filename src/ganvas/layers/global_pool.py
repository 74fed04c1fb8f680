"""Global pooling: all places of a map become one number per channel.

Formula: y[c] = sum_i,j x[c, i, j], or that over H W; of a sequence y[d] = sum_l x[l, d], or that over L
Shapes: image [N, C, H, W] -> [N, C]; sequence [N, L, D] -> [N, D]
Parameters: none
Use it when: in D, last before the score: the sum is what SNGAN, SAGAN and BigGAN take, the mean keeps its scale when
    the image's size changes; the network then takes any size; in G not at all, but in parts that look at a whole map
    to weigh its channels
Beware: it forgets where things are: a face with its mouth on the forehead can score well, so let convolutions before
    it see the whole (a 4x4 map is left); a sum over a large map makes scores large, and hinge or gradient penalties
    feel that
Paper: Lin, Chen and Yan 2014, "Network In Network"; Miyato et al. 2018, "Spectral Normalization for Generative
    Adversarial Networks"
See also: torch.nn.AdaptiveAvgPool2d; average_pool, flatten, projection
"""

from typing import Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape


class GlobalPool(nn.Module):
    """Sums or averages over all places."""

    def __init__(self, reduce: Literal["sum", "mean"] = "sum") -> None:
        super().__init__()
        self.reduce: Literal["sum", "mean"] = reduce

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C], or [N, L, D] to [N, D]."""
        places = (2, 3) if x.dim() == 4 else (1,)
        return x.sum(places) if self.reduce == "sum" else x.mean(places)


class Config(Layer):
    """The sum or the mean over all places."""

    layer: Literal["global_pool"] = Field(default="global_pool", description="one number per channel")
    reduce: Literal["sum", "mean"] = Field(default="sum", description="sum or mean over all places")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C,) for an image, (D,) for a sequence."""
        if len(given) not in (2, 3):
            raise LayerError("an image (C, H, W) or a sequence (L, D)", "Leave it out: a vector has no places.")
        return (given[0],) if len(given) == 3 else (given[1],)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return GlobalPool(self.reduce)
