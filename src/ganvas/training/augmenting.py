"""Augmentation in the game: the same for real and generated images, with a probability that is fixed or adapts itself."""

from typing import Self

import torch
from pydantic import model_validator
from torch import Tensor

from ganvas.augment import AUGMENTATIONS
from ganvas.catalogue import find
from ganvas.config import Config, Field
from ganvas.seeds import Stream
from ganvas.training.signals import Signals

PROBABILITY, SIGN = "augment/probability", "augment/sign_of_real"
_INTERVAL = 4  # steps between two changes of p (Karras et al. 2020, section 3.1)


class AugmentConfig(Config):
    """How images are augmented before the discriminator sees them."""

    kind: str = Field(default="none", description=f"way of augmenting: none, {', '.join(AUGMENTATIONS)}")
    probability: float = Field(
        default=1.0, ge=0, le=1, description="probability p of each augmentation; the first, if p adapts"
    )
    target: float = Field(
        default=0.0, ge=0, lt=1, description="mean sign of real scores that p is adapted to hold; 0 = p is not adapted"
    )
    speed_images: int = Field(default=500_000, ge=1, description="images in which an adapting p can go from 0 to 1")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind not in ("none", *AUGMENTATIONS):
            raise ValueError(f"there is no way of augmenting `{self.kind}`; there are none, {', '.join(AUGMENTATIONS)}")
        return self


class Augmenter:
    """Augments images of both players' turns."""

    def __init__(self, config: AugmentConfig, signals: Signals) -> None:
        self.config = config
        self.signals = signals
        self.probability = config.probability
        """p of this step, where it does not adapt itself."""
        self.function = None if config.kind == "none" else find(AUGMENTATIONS, "way of augmenting", config.kind)

    def __call__(self, images: Tensor, stream: Stream) -> Tensor:
        """Return images [N, C, H, W], augmented; image i takes the draws of sample i of the stream."""
        return images if self.function is None else self.function(images, stream.child("augment"), self._current())

    def measures(self) -> dict[str, Tensor]:
        """Return what a step tells of the augmentation."""
        return {} if self.function is None else {"augment/probability": self._current()}

    def _current(self) -> Tensor:
        return self.signals.get(PROBABILITY, self.config.probability if self.config.target else self.probability)

    def adapt(self, real_scores: Tensor, step: int) -> None:
        """Move p so that r_t = E[sign(D(real))] nears its target: Karras et al. 2020 (ADA), section 3.1.

        Every 4 steps p goes up or down by 4 batches / `speed_images`.
        """
        if self.function is None or not self.config.target:
            return
        mean = self.signals.put(SIGN, self.signals.get(SIGN) + real_scores.detach().sign().mean() / _INTERVAL)
        if (step + 1) % _INTERVAL == 0:
            change = torch.sign(mean - self.config.target) * (_INTERVAL * len(real_scores) / self.config.speed_images)
            p = self.signals.get(PROBABILITY, self.config.probability)
            self.signals.put(PROBABILITY, (p + change).clamp(0, 1))
            self.signals.put(SIGN, torch.zeros_like(mean))
