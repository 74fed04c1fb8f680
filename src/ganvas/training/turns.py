"""What a loss can look at when a player takes its turn."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ganvas.players import Verdict
from ganvas.seeds import Stream
from ganvas.training.signals import Signals

Judge = Callable[[Tensor, Tensor | None, str], Verdict]
"""(images [N, C, H, W], labels [N] or None, purpose of the draws) -> D's verdict on them, without augmentation."""


@dataclass(frozen=True)
class DiscriminatorTurn:
    """Real images [N, C, H, W] and generated ones, their labels [N] (None without classes), and the verdicts.

    The verdicts are on the images as augmented; the images are those before, and take gradients where a term asks.
    """

    real_images: Tensor
    real_labels: Tensor | None
    real: Verdict
    fake_images: Tensor
    fake_labels: Tensor | None
    fake: Verdict
    judge: Judge
    stream: Stream
    signals: Signals


@dataclass(frozen=True)
class GeneratorTurn:
    """Generated images [M, C, H, W], the labels asked for [M], the verdicts, and real scores where a loss asks.

    `styles` [M, L, W] are those the images were made of, where the generator is a styled one.
    """

    fake_images: Tensor
    fake_labels: Tensor | None
    fake: Verdict
    real_scores: Tensor
    styles: Tensor | None
    stream: Stream
    signals: Signals
