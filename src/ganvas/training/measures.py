"""What one round tells about the game, beside its losses."""

import torch
from torch import Tensor

from ganvas.players import Verdict
from ganvas.training.shares import WHOLE, Share
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn

Measures = dict[str, Tensor]
"""Names and values []."""


@torch.no_grad()
def verdict_measures(turn: DiscriminatorTurn) -> Measures:
    """Return D's accuracy on real and on generated images, of realness and of class, and how often real beats fake.

    `real_beats_fake` is the chance that a real image scores above a generated one (the area under the ROC curve):
    1 when D tells them apart always, 0.5 when it cannot.
    """
    real, fake = (
        turn.share.gather(verdict.scores.flatten(1).mean(1) if verdict.scores.dim() > 1 else verdict.scores)
        for verdict in (turn.real, turn.fake)
    )
    wins = torch.sign(real[:, None] - fake[None, :]).mean()
    measures = {
        "accuracy/real": (real > 0).float().mean(),
        "accuracy/fake": (fake < 0).float().mean(),
        "real_beats_fake": (wins + 1) / 2,
    }
    for name, verdict, labels in (
        ("class_accuracy/real", turn.real, turn.real_labels),
        ("class_accuracy/fake", turn.fake, turn.fake_labels),
    ):
        if verdict.class_logits is not None and labels is not None:
            measures[name] = turn.share.mean(_accuracy(verdict, labels))
    return measures


@torch.no_grad()
def generator_measures(
    turn: GeneratorTurn, real: Tensor, real_labels: Tensor | None, real_share: Share = WHOLE
) -> Measures:
    """Return the diversity [] of G's images: their spread over real ones', within classes [N] where there are any."""
    ours, theirs = _spread(turn.fake_images, turn.fake_labels, turn.share), _spread(real, real_labels, real_share)
    return {"diversity": ours / theirs.clamp_min(1e-12)}


def _accuracy(verdict: Verdict, labels: Tensor) -> Tensor:
    assert verdict.class_logits is not None
    return (verdict.class_logits.argmax(1) == labels).float().mean()


def _spread(images: Tensor, labels: Tensor | None, share: Share) -> Tensor:
    """Return the root mean squared distance [] of images to their class's mean, unbiased by small classes.

    Each of several processes takes all images, and some of their values.
    """
    flat = share.columns(images.flatten(1))
    labels = None if labels is None else share.gather(labels)
    if labels is None:
        labels = torch.zeros(len(flat), dtype=torch.long, device=flat.device)
    same = (labels[:, None] == labels[None, :]).to(flat.dtype)  # [N, N]
    counts = same.sum(1)
    distances = (flat - same @ flat / counts[:, None]).square().sum(1)
    num_classes = counts.reciprocal().sum()
    return (share.ranks.sum(distances.sum()) / (len(flat) - num_classes).clamp_min(1)).sqrt()
