"""The objective: an adversarial pair plus penalties of each player, each with a weight and an interval."""

from typing import NamedTuple, Self

from pydantic import model_validator
from torch import Tensor

from ganvas.config import Config, Field
from ganvas.errors import ConfigurationError
from ganvas.losses.adversarial import PAIRS, adversarial_pair
from ganvas.training.penalties import DISCRIMINATOR_PENALTIES, GENERATOR_PENALTIES, LABELLED
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
    d2d_ce: Term = Field(default=Term(), description="data-to-data cross-entropy of real images (ReACGAN)")
    r1: Term = Field(default=Term(), description="squared gradient norm / 2 on real images; weight is gamma")
    r2: Term = Field(default=Term(), description="squared gradient norm / 2 on generated images; weight is gamma")
    gradient_penalty: Term = Field(
        default=Term(),
        description="(gradient norm - 1)^2 between real and generated images (WGAN-GP); weight is lambda",
    )
    lecam: Term = Field(default=Term(), description="squared distance of scores to the other side's running mean")
    consistency: Term = Field(
        default=Term(), description="squared change of scores by a flip and shift of the images (bCR)"
    )
    reconstruction: Term = Field(
        default=Term(), description="L1 distance of real images to those decoded from D's features (FastGAN)"
    )


class GeneratorPenalties(Penalties):
    """Penalties of the generator."""

    class_asked: Term = Field(default=Term(), description="cross-entropy of the class that was asked for")
    d2d_ce: Term = Field(default=Term(), description="data-to-data cross-entropy of generated images (ReACGAN)")
    path_length: Term = Field(
        default=Term(), description="squared deviation of path lengths from their running mean (StyleGAN2)"
    )
    l1: Term = Field(default=Term(), description="L1 distance of translations to the real images (pix2pix)")
    cycle: Term = Field(default=Term(), description="L1 distance of pictures to their translations back (CycleGAN)")
    identity: Term = Field(
        default=Term(), description="L1 change of pictures that are of the class asked for already (CycleGAN)"
    )


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


def needs_of(config: ObjectiveConfig) -> dict[str, frozenset[str]]:
    """Return the terms in use that need more than scores and images, `generator.path_length` say, with their needs."""
    tables = (
        ("discriminator", config.discriminator, DISCRIMINATOR_PENALTIES),
        ("generator", config.generator, GENERATOR_PENALTIES),
    )
    needs = {f"{player}.{name}": table[name].needs for player, terms, table in tables for name in terms.due(0)}
    return {name: need for name, need in needs.items() if need}


def check_offers(config: ObjectiveConfig, family: str, offers: frozenset[str], num_classes: int) -> None:
    """Raise `ConfigurationError` where a term needs what the family's players, or the images, do not tell."""
    for name, needs in needs_of(config).items():
        if absent := sorted(needs - offers):
            raise ConfigurationError(
                f"The term `{name}` needs players that {_TOLD.get(absent[0], f'tell {absent[0]}')}, which model family "
                f"`{family}` has not. Set `training.objective.{name}.weight` to 0, or choose {_OFFERED_BY[absent[0]]}."
            )
        if needs & LABELLED and not num_classes:
            raise ConfigurationError(
                f"The term `{name}` needs images with classes, and this dataset has none. Prepare a folder with one "
                f"sub-folder for each class, or set `training.objective.{name}.weight` to 0."
            )


def check_batches(config: ObjectiveConfig, real: int, generated: int) -> None:
    """Raise `ConfigurationError` where a pair compares real with generated images one by one and numbers differ."""
    if PAIRS[config.adversarial].compares and real != generated:
        raise ConfigurationError(
            f"The adversarial pair `{config.adversarial}` compares each generated image with a real one, and "
            f"`training.generator_batch_size` is {generated}, `training.batch_size` {real}. Set the former to 0."
        )


_OFFERED_BY = {
    "classes": "an ACGAN recipe",
    "embeddings": "a ReACGAN recipe",
    "reconstructions": "a FastGAN recipe",
    "styles": "a StyleGAN2 recipe",
    "pairs": "a pix2pix recipe",
    "domains": "a CycleGAN recipe",
}
_TOLD = {"pairs": "translate pictures with known targets", "domains": "translate between two classes"}


class Loss(NamedTuple):
    """A player's loss [] and the unweighted mean of each of its parts []."""

    total: Tensor
    parts: dict[str, Tensor]


class Objective:
    """The losses of both players, from a configuration."""

    def __init__(self, config: ObjectiveConfig) -> None:
        self.config = config
        self.pair = adversarial_pair(config.adversarial, config.real_target)

    def differentiated(self, step: int) -> frozenset[str]:
        """Return which of D's images, `real` and `fake`, a term of this step takes gradients by."""
        terms = self.config.discriminator.due(step)
        return frozenset(kind for name in terms for kind in DISCRIMINATOR_PENALTIES[name].differentiates)

    def discriminator(self, turn: DiscriminatorTurn, step: int, gamma: float = 1.0) -> Loss:
        """Return the discriminator's loss in this step; `gamma` multiplies R1 and R2, as scheduled."""
        parts = {"adversarial": self.pair.discriminator(turn.real.scores, turn.fake.scores).mean()}
        total = self.config.adversarial_weight * parts["adversarial"]
        for name, factor in self.config.discriminator.due(step).items():
            penalty = DISCRIMINATOR_PENALTIES[name]
            parts[name] = penalty.loss(turn).mean()
            total = total + factor * (gamma if penalty.differentiates else 1.0) * parts[name]
        return Loss(total, parts)

    def generator(self, turn: GeneratorTurn, step: int) -> Loss:
        """Return the generator's loss in this step."""
        parts = {"adversarial": self.pair.generator(turn.real_scores, turn.fake.scores).mean()}
        total = parts["adversarial"]
        for name, factor in self.config.generator.due(step).items():
            parts[name] = GENERATOR_PENALTIES[name].loss(turn).mean()
            total = total + factor * parts[name]
        return Loss(total, parts)
