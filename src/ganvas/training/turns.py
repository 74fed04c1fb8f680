"""What a loss can look at when a player takes its turn."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from ganvas.losses.gradients import squared_gradient_norms
from ganvas.players import Verdict
from ganvas.seeds import Stream
from ganvas.training.shares import WHOLE, Share
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
    share: Share = WHOLE
    """Which samples of the batch they are, where several processes share it."""

    @cached_property
    def squared_gradient_norms(self) -> dict[str, Tensor]:
        """||d score_i / d image_i||^2 [N] of `real` and `fake`, those whose images take gradients, from one pass."""
        batches = {"real": (self.real.scores, self.real_images), "fake": (self.fake.scores, self.fake_images)}
        asked = {kind: batch for kind, batch in batches.items() if batch[1].requires_grad}
        scores, images = zip(*asked.values(), strict=True)
        return dict(zip(asked, squared_gradient_norms(scores, images), strict=True))


@dataclass(frozen=True)
class Translation:
    """What the generated images of a translator were made of: real images [N, C, H, W], their labels, sources of them.

    `translate` is (sources [N, C', H, W], wanted labels or None, purpose of the draws) -> images [N, C, H, W].
    """

    images: Tensor
    labels: Tensor | None
    sources: Tensor
    translate: Callable[[Tensor, Tensor | None, str], Tensor]


@dataclass(frozen=True)
class GeneratorTurn:
    """Generated images [M, C, H, W], the labels asked for [M], the verdicts, and real scores where a loss asks.

    `styles` [M, L, W] are those the images were made of, where the generator is a styled one; `translation` tells of a
    translator's.
    """

    fake_images: Tensor
    fake_labels: Tensor | None
    fake: Verdict
    real_scores: Tensor
    styles: Tensor | None
    stream: Stream
    signals: Signals
    translation: Translation | None = None
    share: Share = WHOLE
