"""Penalties on gradients: of the discriminator's scores by its images, of the generator's images by their styles.

All are differentiable again, for the player's weights. The score of an image with several patches is their mean.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

_SMALLEST = 1e-24  # sqrt has no finite slope at 0


def squared_gradient_norms(scores: Sequence[Tensor], images: Sequence[Tensor]) -> list[Tensor]:
    """Return ||d scores_i / d images_i||^2 [N] of each batch (Mescheder et al. 2018, eq. 9), from one pass through all.

    Scores are [N] or [N, P], images [N, C, H, W]. No score may depend on another sample's image.
    """
    total = torch.stack([batch.flatten(1).mean(1).sum() if batch.dim() > 1 else batch.sum() for batch in scores]).sum()
    gradients = torch.autograd.grad(total, images, create_graph=True)
    return [gradient.square().flatten(1).sum(1) for gradient in gradients]


def one_centred(squared_norms: Tensor) -> Tensor:
    """Return (||grad|| - 1)^2 [N] from squared norms [N]: Gulrajani et al. 2017, eq. 3."""
    return (_root(squared_norms) - 1).square()


def between(real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
    """Return share x + (1 - share) G(z) for images [N, C, H, W] and shares [N]: Gulrajani et al. 2017, algorithm 1."""
    shares = shares.to(real).view(-1, 1, 1, 1)
    return fake + shares * (real - fake)


def path_lengths(images: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """Return ||J^T y||_2 [N], how far images move with their styles: Karras et al. 2020 (StyleGAN2), eq. 4.

    Images [N, C, H, W] were made of styles [N, L, W]; noise y [N, C, H, W] is standard normal. It is divided by
    sqrt(H W), and the squared length is a mean over the layers, so that neither size nor depth changes the scale.
    """
    scaled = noise / (images.shape[2] * images.shape[3]) ** 0.5
    (gradients,) = torch.autograd.grad((images * scaled).sum(), styles, create_graph=True)  # [N, L, W]
    return _root(gradients.square().sum(2).mean(1))


def _root(squares: Tensor) -> Tensor:
    return squares.clamp_min(_SMALLEST).sqrt()
