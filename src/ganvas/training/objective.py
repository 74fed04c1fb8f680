"""The objective: an adversarial pair plus penalties of each player, each with a weight and an interval."""

from typing import NamedTuple, Self

from pydantic import model_validator
from torch import Tensor

from ganvas.config import Config, Field
from ganvas.losses.adversarial import PAIRS, adversarial_pair
from ganvas.training.penalties import DISCRIMINATOR_PENALTIES, GENERATOR_PENALTIES
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn


class Term(Config):
    """One penalty. A lazy one (`every` > 1) is multiplied by its interval, which keeps its mean strength."""

    weight: float = Field(default=0.0, ge=0, description="factor of the term in the player's loss; 0 switches it off")
    every: int = Field(default=1, ge=1, description="steps between two uses of the term")

    def due(self, step: int) -> bool:
        """Return whether the term counts in this step."""
        return self.weight > 0 and step % self.every == 0


class Penalties(Config):
    """Base of a player's penalties: its fields are the rows of the player's table."""

    def due(self, step: int) -> dict[str, float]:
        """Return the factor of each term that counts in this step."""
        terms: dict[str, Term] = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: term.weight * term.every for name, term in terms.items() if term.due(step)}


class DiscriminatorPenalties(Penalties):
    """Penalties of the discriminator."""

    class_of_real: Term = Field(default=Term(), description="cross-entropy of the classes of real images")
    class_of_fake: Term = Field(default=Term(), description="cross-entropy of the classes generated images should show")
    r1: Term = Field(default=Term(), description="squared gradient norm / 2 on real images; weight is gamma")
    r2: Term = Field(default=Term(), description="squared gradient norm / 2 on generated images; weight is gamma")


class GeneratorPenalties(Penalties):
    """Penalties of the generator."""

    class_asked: Term = Field(default=Term(), description="cross-entropy of the class that was asked for")


class ObjectiveConfig(Config):
    """What each player minimises."""

    adversarial: str = Field(default="non_saturating", description=f"adversarial pair: {', '.join(PAIRS)}")
    real_target: float = Field(
        default=1.0, gt=0.5, le=1, description="target probability of real; below 1 is a soft label"
    )
    adversarial_weight: float = Field(default=1.0, gt=0, description="factor of the adversarial loss in the D step")
    weight_limit: float = Field(
        default=0.0, ge=0, description="D's weights are clipped to this after each step (WGAN, c = 0.01); 0 = no limit"
    )
    discriminator: DiscriminatorPenalties = Field(default=DiscriminatorPenalties(), description="penalties of D")
    generator: GeneratorPenalties = Field(default=GeneratorPenalties(), description="penalties of G")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.adversarial not in PAIRS:
            raise ValueError(f"there is no adversarial pair `{self.adversarial}`; there are {', '.join(PAIRS)}")
        if self.real_target != 1 and not PAIRS[self.adversarial].has_target:
            raise ValueError(f"`real_target` has no meaning for `{self.adversarial}`; leave it at 1")
        return self


def class_terms(config: ObjectiveConfig) -> list[str]:
    """Return the names of the terms in use that need labels and a discriminator that tells classes."""
    tables = ((config.discriminator, DISCRIMINATOR_PENALTIES), (config.generator, GENERATOR_PENALTIES))
    return [name for terms, table in tables for name in terms.due(0) if table[name].of_classes]


class Loss(NamedTuple):
    """A player's loss [] and the unweighted mean of each of its parts []."""

    total: Tensor
    parts: dict[str, Tensor]


class Objective:
    """The losses of both players, from a configuration."""

    def __init__(self, config: ObjectiveConfig) -> None:
        self.config = config
        self.pair = adversarial_pair(config.adversarial, config.real_target)

    def differentiates_images(self, step: int) -> bool:
        """Return whether a term of this step needs gradients with respect to D's images."""
        return any(DISCRIMINATOR_PENALTIES[name].of_images for name in self.config.discriminator.due(step))

    def discriminator(self, turn: DiscriminatorTurn, step: int, gamma: float = 1.0) -> Loss:
        """Return the discriminator's loss in this step; `gamma` multiplies terms on gradients, as scheduled."""
        parts = {"adversarial": self.pair.discriminator(turn.real.scores, turn.fake.scores).mean()}
        total = self.config.adversarial_weight * parts["adversarial"]
        for name, factor in self.config.discriminator.due(step).items():
            penalty = DISCRIMINATOR_PENALTIES[name]
            parts[name] = penalty.loss(turn).mean()
            total = total + factor * (gamma if penalty.of_images else 1.0) * parts[name]
        return Loss(total, parts)

    def generator(self, turn: GeneratorTurn, step: int) -> Loss:
        """Return the generator's loss in this step."""
        parts = {"adversarial": self.pair.generator(turn.real_scores, turn.fake.scores).mean()}
        total = parts["adversarial"]
        for name, factor in self.config.generator.due(step).items():
            parts[name] = GENERATOR_PENALTIES[name].loss(turn).mean()
            total = total + factor * parts[name]
        return Loss(total, parts)
