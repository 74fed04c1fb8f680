"""Batch normalisation: each channel gets mean 0 and variance 1 over the batch, then its own gain and shift.

Formula: y = g (x - m) / sqrt(v + e) + b; m and v over N, H, W of the batch in training; in use, running means of them:
    M <- (1 - a) M + a m, a the momentum
Shapes: vector [N, F] or image [N, C, H, W] -> the same
Parameters: 2 C learnt (g, b), and 2 C running means and variances
Use it when: in G, after each layer but the last, before relu: it keeps a deep generator from collapsing to one
    picture early on (DCGAN); in D only in old recipes with plain losses, without it in the first layer
Beware: in D it makes the score of an image depend on the others of its batch: gradient penalties (WGAN-GP, R1) are
    then wrong, so take none, layer_norm or spectral_norm; it also mixes real and generated images if they share a
    batch, and gives them away if they do not; training and use differ: small batches (under 8) make the difference
    large, and a moving average of G must carry the running values too; a batch of one vector is an error in training;
    Keras' momentum 0.99 is 0.01 here
Paper: Ioffe and Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift"
See also: torch.nn.BatchNorm1d, torch.nn.BatchNorm2d; conditional_batch_norm, layer_norm, group_norm, spectral_norm
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape


class Config(Layer):
    """Batch normalisation, torch.nn.BatchNorm1d or BatchNorm2d by the shape."""

    layer: Literal["batch_norm"] = Field(default="batch_norm", description="each channel normalised over the batch")
    epsilon: float = Field(default=1e-5, gt=0, le=1, description="e, added to the variance")
    momentum: float = Field(default=0.1, gt=0, le=1, description="a, the weight of a new batch in the running means")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        if len(given) not in (1, 3):
            raise LayerError("a vector (F,) or an image (C, H, W)", 'For sequences take `layer = "layer_norm"`.')
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        kind = nn.BatchNorm1d if len(given) == 1 else nn.BatchNorm2d
        return kind(given[0], self.epsilon, self.momentum)
