"""Penalties on the gradient of the discriminator's scores with respect to its images."""

import torch
from torch import Tensor


def squared_gradient_norms(scores: Tensor, images: Tensor) -> Tensor:
    """Return ||d scores_i / d images_i||^2 [N] for scores [N] of images [N, C, H, W], differentiable again."""
    (gradients,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradients.square().flatten(1).sum(1)


def zero_centred(scores: Tensor, images: Tensor) -> Tensor:
    """Return ||grad||^2 / 2 [N]: R1 on real images, R2 on generated ones (Mescheder et al. 2018, eq. 9 and 10)."""
    return squared_gradient_norms(scores, images) / 2
