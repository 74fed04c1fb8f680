"""Dropout whose mask is a function of (seed, step, layer, sample).

Formula: y = x * mask / (1 - rate) in training, mask ~ Bernoulli(1 - rate); y = x otherwise
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in D, after the activations, rate 0.2 to 0.5, against learning the training set by heart; in G it is a
    source of noise (pix2pix), else leave it out: drawn pictures get grainy
Beware: the scores of one image differ from call to call; with gradient penalties the penalty is noisy too; directly
    before batch_norm it makes training and use disagree on the variance
Paper: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
See also: torch.nn.Dropout (the same formula, drawn from torch's global generator)
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.errors import TrainingError
from ganvas.layers.layer import Around, Layer, Shape
from ganvas.players import RandomLayer


class Dropout(RandomLayer):
    """Zeroes each value with probability `rate` (to 1/65536) in training; the rest grow by 1 / (1 - rate)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` [N, ...] with part of them zeroed.

        Raises `TrainingError` in training without a stream to draw from.
        """
        if not self.training or self.rate == 0:
            return values
        if self.stream is None:
            raise TrainingError("A dropout layer has no stream to draw from: call `give_stream(player, stream)` first.")
        keep = torch.from_numpy(self.stream.keep(len(values), values[0].numel(), self.rate))
        mask = keep.view(values.shape).to(values.device, values.dtype, non_blocking=True)
        return values * mask.mul_(1 / (1 - self.rate))


class Config(Layer):
    """Dropout, drawn from the seed."""

    layer: Literal["dropout"] = Field(default="dropout", description="values zeroed at random in training")
    rate: float = Field(default=0.3, ge=0, lt=1, description="probability that a value is zeroed")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return Dropout(self.rate)
