"""Dropout whose mask is a function of (seed, step, layer, sample).

Formula: y = x * mask / (1 - rate) in training, mask ~ Bernoulli(1 - rate); y = x otherwise
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in D, against learning the training set by heart; in G it is a source of noise (pix2pix)
Beware: the scores of one image differ from call to call; with gradient penalties the penalty is noisy too
Paper: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
See also: torch.nn.Dropout (the same formula, drawn from torch's global generator)
"""

import torch
from torch import Tensor

from ganvas.errors import TrainingError
from ganvas.players import RandomLayer


class Dropout(RandomLayer):
    """Zeroes each value with probability `rate` (to 1/65536) in training; the rest grow by 1 / (1 - rate)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` [N, ...] with part of them zeroed."""
        if not self.training or self.rate == 0:
            return values
        if self.stream is None:
            raise TrainingError("A dropout layer has no stream to draw from: call `give_stream(player, stream)` first.")
        keep = torch.from_numpy(self.stream.keep(len(values), values[0].numel(), self.rate))
        mask = keep.view(values.shape).to(values.device, values.dtype, non_blocking=True)
        return values * mask.mul_(1 / (1 - self.rate))
