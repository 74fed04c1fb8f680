"""Augmentation in the game, alike for real and generated images; its probability is fixed, scheduled or adaptive."""

from typing import Self

import torch
from pydantic import model_validator
from torch import Tensor

from ganvas.augment import AUGMENTATIONS
from ganvas.augment.augmentation import Augmentation
from ganvas.catalogue import find
from ganvas.config import Config, Field
from ganvas.errors import UsageError, unknown_name
from ganvas.seeds import Stream
from ganvas.training.shares import WHOLE, Share
from ganvas.training.signals import Signals

PROBABILITY, SIGNS, BATCHES = "augment/probability", "augment/sum_of_signs", "augment/num_batches"
_INTERVAL = 4  # steps between two changes of p (Karras et al. 2020, section 3.1)


class AugmentConfig(Config):
    """How images are augmented before the discriminator sees them."""

    kind: str = Field(default="none", description=f"way of augmenting: none, {', '.join(AUGMENTATIONS)}")
    operations: tuple[str, ...] = Field(
        default=(), description="operations of that way that are played, or groups of them; empty = its usual ones"
    )
    probability: float = Field(
        default=1.0, ge=0, le=1, description="probability p of each augmentation; the first, if p adapts"
    )
    target: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="mean sign of real scores that p adapts itself to hold; 0 = p stays",
    )
    speed_images: int = Field(default=500_000, ge=1, description="images in which an adapting p can go from 0 to 1")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "none":
            return self
        if self.kind not in AUGMENTATIONS:
            raise ValueError(str(unknown_name("way of augmenting", self.kind, ("none", *AUGMENTATIONS))))
        try:
            way_of(self).chosen(self.operations)
        except UsageError as error:
            raise ValueError(f"{self.kind}: {error}") from error
        return self


def way_of(config: AugmentConfig) -> Augmentation:
    """Return the way of augmenting that a configuration names."""
    return find(AUGMENTATIONS, "way of augmenting", config.kind)


class Augmenter:
    """Augments images of both players' turns."""

    def __init__(self, config: AugmentConfig, signals: Signals) -> None:
        self.config = config
        self.signals = signals
        self.probability = config.probability
        """p of this step, where it does not adapt itself."""
        self.way = None if config.kind == "none" else way_of(config)

    def __call__(self, images: Tensor, stream: Stream) -> Tensor:
        """Return images [N, C, H, W], augmented; image i takes the draws of sample i of the stream.

        Of more than 4 channels they are colour pictures laid one upon another, each augmented by the same draws.
        """
        if self.way is None:
            return images
        pictures = images.split(3, dim=1) if images.shape[1] > 4 else (images,)
        draws, probability = stream.child("augment"), self._current()
        parts = [self.way(picture, draws, probability, self.config.operations) for picture in pictures]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def measures(self) -> dict[str, Tensor]:
        """Return what a step tells of the augmentation, numbers []."""
        return {} if self.way is None else {PROBABILITY: self._current()}

    def adapt(self, real_scores: Tensor, step: int, share: Share = WHOLE) -> None:
        """Move p so that r_t = E[sign(D(real))] nears its target: Karras et al. 2020 (ADA), section 3.1.

        Every 4 steps p goes up or down by the images seen since its last change / `speed_images`. With more than one
        discriminator step a round, each counts. The sign means something where the score 0 does: not with relativistic
        and Wasserstein losses, which compare scores only.
        """
        if self.way is None or not self.config.target:
            return
        signs = self.signals.put(SIGNS, self.signals.get(SIGNS) + share.mean(real_scores.detach().sign().mean()))
        batches = self.signals.put(BATCHES, self.signals.get(BATCHES) + 1)
        if (step + 1) % _INTERVAL == 0:
            due = batches >= _INTERVAL  # not so in the later turns of the same round
            direction = torch.sign(signs / batches - self.config.target) * due
            change = direction * batches * (share.count(real_scores) / self.config.speed_images)
            self.signals.put(PROBABILITY, (self._current() + change).clamp(0, 1))
            for name, value in ((SIGNS, signs), (BATCHES, batches)):
                self.signals.put(name, value * ~due)

    def _current(self) -> Tensor:
        return self.signals.get(PROBABILITY, self.config.probability if self.config.target else self.probability)
