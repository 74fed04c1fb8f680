"""What a loss can look at when a player takes its turn."""

from dataclasses import dataclass

from torch import Tensor

from ganvas.players import Verdict


@dataclass(frozen=True)
class DiscriminatorTurn:
    """Real images [N, C, H, W] and generated ones, their labels [N] (None without classes), and the verdicts."""

    real_images: Tensor
    real_labels: Tensor | None
    real: Verdict
    fake_images: Tensor
    fake_labels: Tensor | None
    fake: Verdict


@dataclass(frozen=True)
class GeneratorTurn:
    """Generated images [M, C, H, W], the labels asked for [M], the verdicts, and real scores where a loss asks."""

    fake_images: Tensor
    fake_labels: Tensor | None
    fake: Verdict
    real_scores: Tensor
