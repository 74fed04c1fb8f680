"""Terms that join the adversarial loss: functions of a turn, one value [N] per sample. A term is one row here."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy

from ganvas.errors import ConfigurationError
from ganvas.losses.gradients import zero_centred
from ganvas.players import Verdict
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn


class DiscriminatorPenalty(NamedTuple):
    """A term of the discriminator's loss; it may differentiate by the images, or need classes."""

    loss: Callable[[DiscriminatorTurn], Tensor]
    of_images: bool = False
    of_classes: bool = False


class GeneratorPenalty(NamedTuple):
    """A term of the generator's loss; it may need classes."""

    loss: Callable[[GeneratorTurn], Tensor]
    of_classes: bool = False


def class_of_real(turn: DiscriminatorTurn) -> Tensor:
    """Cross-entropy of the classes of real images: L_C of Odena et al. 2017, eq. 3."""
    return _class_loss(turn.real, turn.real_labels)


def class_of_fake(turn: DiscriminatorTurn) -> Tensor:
    """Cross-entropy of the classes that generated images were asked to show, for the discriminator."""
    return _class_loss(turn.fake, turn.fake_labels)


def r1(turn: DiscriminatorTurn) -> Tensor:
    """||grad D(x)||^2 / 2 on real images: Mescheder et al. 2018, eq. 9; the weight is gamma."""
    return zero_centred(turn.real.scores, turn.real_images)


def r2(turn: DiscriminatorTurn) -> Tensor:
    """||grad D(G(z))||^2 / 2 on generated images: Mescheder et al. 2018, eq. 10; the weight is gamma."""
    return zero_centred(turn.fake.scores, turn.fake_images)


def class_asked(turn: GeneratorTurn) -> Tensor:
    """Cross-entropy of the class that was asked for: drawing a 9 when asked for an 8 costs much (S2.4)."""
    return _class_loss(turn.fake, turn.fake_labels)


DISCRIMINATOR_PENALTIES: dict[str, DiscriminatorPenalty] = {
    "class_of_real": DiscriminatorPenalty(class_of_real, of_classes=True),
    "class_of_fake": DiscriminatorPenalty(class_of_fake, of_classes=True),
    "r1": DiscriminatorPenalty(r1, of_images=True),
    "r2": DiscriminatorPenalty(r2, of_images=True),
}
GENERATOR_PENALTIES: dict[str, GeneratorPenalty] = {
    "class_asked": GeneratorPenalty(class_asked, of_classes=True),
}


def _class_loss(verdict: Verdict, labels: Tensor | None) -> Tensor:
    if verdict.class_logits is None or labels is None:
        raise ConfigurationError(
            "A class loss needs labelled images and a discriminator that tells classes. "
            "Set its weight to 0 or choose an ACGAN recipe."
        )
    return cross_entropy(verdict.class_logits, labels, reduction="none")
