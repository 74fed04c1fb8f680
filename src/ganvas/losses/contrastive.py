"""Losses on unit vectors of images and of classes."""

import torch
from torch import Tensor

TEMPERATURE, POSITIVE_MARGIN = 0.5, 0.98
NEGATIVE_MARGIN = 1 - POSITIVE_MARGIN


def data_to_data_cross_entropy(
    embeddings: Tensor,
    proxies: Tensor,
    labels: Tensor,
    all_embeddings: Tensor | None = None,
    all_labels: Tensor | None = None,
) -> Tensor:
    """Return the loss [N] of unit embeddings f [N, E], unit proxies v [K, E] and labels y [N].

    Kang et al. 2021 (ReACGAN), eq. 6, with temperature t and margins m_p, m_n:
    -log(p / (p + sum_j exp([f_i f_j - m_n]_+ / t))), p = exp([f_i v_y - m_p]_- / t), j over the samples of other
    classes. A sample near enough to its proxy, or far enough from the others, gives no gradient. Where the samples are
    part of a batch, `all_embeddings` [A, E] and `all_labels` [A] are those of the whole, and j is over these.
    """
    other_embeddings = embeddings if all_embeddings is None else all_embeddings
    other_labels = labels if all_labels is None else all_labels
    near = (embeddings * proxies[labels]).sum(1).sub(POSITIVE_MARGIN).clamp_max(0)  # [N]
    apart = (embeddings @ other_embeddings.T).sub(NEGATIVE_MARGIN).clamp_min(0)  # [N, A]
    same = labels[:, None] == other_labels[None, :]
    others = apart.masked_fill(same, -torch.inf)
    positive = near[:, None] / TEMPERATURE
    return torch.cat([positive, others / TEMPERATURE], dim=1).logsumexp(1) - positive[:, 0]
