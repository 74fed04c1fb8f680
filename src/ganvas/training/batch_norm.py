"""Batch normalisation over the samples of all processes: what each of them sees is only a share of the batch.

torch.nn.SyncBatchNorm works on GPUs alone, and its gradient has no gradient, which penalties need; this is made of
parts that have both.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

from ganvas.training.precision import precise
from ganvas.training.ranks import Ranks


class SharedBatchNorm(nn.Module):
    """Takes the place of a batch normalisation: the same weights and running statistics by the same names.

    In training mean and variance are those of the batch of all processes, from each one's count, mean and variance:
    Chan, Golub and LeVeque 1983, "Algorithms for Computing the Sample Variance", eq. 2.1. Out of training it looks at
    the running statistics alone, or where it keeps none at its own samples, so a process can use it without the others.
    Of bfloat16 samples they are float32, as torch's are.
    """

    def __init__(self, norm: _BatchNorm, ranks: Ranks) -> None:
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))
        self.running_mean: Tensor | None
        self.running_var: Tensor | None
        self.num_batches_tracked: Tensor | None
        self.epsilon, self.momentum = norm.eps, norm.momentum
        self.ranks = ranks
        self.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, ...] to the same shape and format."""
        given = x.dtype
        if not self.training:
            scaling = (self.weight, self.bias, self.running_mean is None, 0.0, self.epsilon)
            return F.batch_norm(x, self.running_mean, self.running_var, *scaling)
        x = precise(x)
        mean, variance = self._statistics(x)
        scale = (variance + self.epsilon).rsqrt()
        scale = scale if self.weight is None else scale * self.weight
        shift = -mean * scale if self.bias is None else self.bias - mean * scale
        shape = (1, -1, *[1] * (x.dim() - 2))
        return torch.addcmul(shift.view(shape), x, scale.view(shape)).to(given)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance [C] over the whole batch, and let the running ones follow."""
        places = [0, *range(2, x.dim())]
        count = x.new_tensor([x.numel() / x.shape[1]])
        own = torch.cat([x.mean(places), x.var(places, correction=0), count])
        rows = self.ranks.rows(own)  # [processes, 2 C + 1]
        counts = rows[:, -1:].detach()
        weights = counts / counts.sum()
        means, variances = rows[:, :-1].chunk(2, dim=1)
        mean = (weights * means).sum(0)
        variance = (weights * (variances + (means - mean).square())).sum(0)
        self._follow(mean.detach(), variance.detach(), counts.sum())
        return mean, variance

    def _follow(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Let the running statistics follow, where they are kept: without a momentum they are means of all batches."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        pace = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, pace)
        self.running_var.lerp_(variance * (count / (count - 1)), pace)


def share_statistics(player: nn.Module, ranks: Ranks) -> None:
    """Put a `SharedBatchNorm` in the place of every batch normalisation of a player; of a process alone, of none."""
    if ranks.group is None:
        return
    for parent in list(player.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, _BatchNorm):
                setattr(parent, name, SharedBatchNorm(layer, ranks))
