"""Terms that join the adversarial loss: functions of a turn, one value [N] per sample. A term is one row here."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganvas.augment.consistency import flip_and_shift
from ganvas.errors import ConfigurationError
from ganvas.losses.contrastive import data_to_data_cross_entropy
from ganvas.losses.gradients import between, one_centred, path_lengths, squared_gradient_norms
from ganvas.players import Verdict
from ganvas.training.shares import Share
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn, Translation

AVERAGE_DECAY = 0.99  # of scores in LeCam, of path lengths in StyleGAN2
CLASSES, EMBEDDINGS = frozenset({"classes"}), frozenset({"embeddings"})
PAIRS, DOMAINS = frozenset({"pairs"}), frozenset({"domains"})
TRANSLATING = PAIRS | DOMAINS
"""What only translators offer: one of the two."""
LABELLED = CLASSES | EMBEDDINGS
"""What has a meaning only where images have labels."""


class DiscriminatorPenalty(NamedTuple):
    """A term of the discriminator's loss.

    `differentiates`: the images, `real` or `fake`, by which it takes gradients of their scores. `needs`: what the
    family has to offer (`models.family.offers_of`).
    """

    loss: Callable[[DiscriminatorTurn], Tensor]
    differentiates: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


class GeneratorPenalty(NamedTuple):
    """A term of the generator's loss; `needs` is what the family has to offer."""

    loss: Callable[[GeneratorTurn], Tensor]
    needs: frozenset[str] = frozenset()


def class_of_real(turn: DiscriminatorTurn) -> Tensor:
    """Cross-entropy of the classes of real images: L_C of Odena et al. 2017, eq. 3."""
    return _class_loss(turn.real, turn.real_labels)


def class_of_fake(turn: DiscriminatorTurn) -> Tensor:
    """Cross-entropy of the classes that generated images were asked to show, for D: L_C of Odena et al. 2017, eq. 3."""
    return _class_loss(turn.fake, turn.fake_labels)


def r1(turn: DiscriminatorTurn) -> Tensor:
    """||grad D(x)||^2 / 2 on real images: Mescheder et al. 2018, eq. 9; the weight is gamma."""
    return turn.squared_gradient_norms["real"] / 2


def r2(turn: DiscriminatorTurn) -> Tensor:
    """||grad D(G(z))||^2 / 2 on generated images: Mescheder et al. 2018, eq. 10; the weight is gamma."""
    return turn.squared_gradient_norms["fake"] / 2


def gradient_penalty(turn: DiscriminatorTurn) -> Tensor:
    """(||grad D(x')|| - 1)^2, x' between a real and a generated image: Gulrajani et al. 2017, eq. 3; weight lambda.

    x' has the label of the real image.
    """
    shares = torch.from_numpy(turn.stream.child("gradient_penalty").uniform(len(turn.real_images), 1)[:, 0])
    images = between(turn.real_images.detach(), turn.fake_images.detach(), shares).requires_grad_()
    scores = turn.judge(images, turn.real_labels, "gradient_penalty/discriminator").scores
    return one_centred(squared_gradient_norms([scores], [images])[0])


def lecam(turn: DiscriminatorTurn) -> Tensor:
    """(D(x) - a_F)^2 + (D(G(z)) - a_R)^2: R_LC of Tseng et al. 2021; a are running means of the scores, decay 0.99."""
    real, fake = _image_scores(turn.real), _image_scores(turn.fake)
    real_average = turn.signals.average("lecam/real", turn.share.mean(real.mean()), AVERAGE_DECAY)
    fake_average = turn.signals.average("lecam/fake", turn.share.mean(fake.mean()), AVERAGE_DECAY)
    return (real - fake_average).square() + (fake - real_average).square()


def consistency(turn: DiscriminatorTurn) -> Tensor:
    """(D(x) - D(T(x)))^2 on real and on generated images, T a flip and shift: bCR of Zhao et al. 2021, algorithm 1.

    Where the game augments, D(x) is the score of the augmented image.
    """
    return _inconsistency(turn, turn.real, turn.real_images, turn.real_labels, "real") + _inconsistency(
        turn, turn.fake, turn.fake_images, turn.fake_labels, "fake"
    )


def d2d_ce_of_real(turn: DiscriminatorTurn) -> Tensor:
    """Data-to-data cross-entropy of real images: Kang et al. 2021, eq. 6."""
    return _data_to_data(turn.real, turn.real_labels, turn.share)


def reconstruction(turn: DiscriminatorTurn) -> Tensor:
    """Mean |decoded - image| of real images, summed over D's decoders: Liu et al. 2021 (FastGAN), section 3.2.

    The original measures it by LPIPS, which needs a network's weights; this is the L1 distance.
    """
    if not turn.real.reconstructions:
        raise _absent("reconstruction", "a discriminator that decodes its features", "a FastGAN recipe")
    pairs = turn.real.reconstructions
    return torch.stack([(made - wanted.detach()).abs().flatten(1).mean(1) for made, wanted in pairs]).sum(0)


def class_asked(turn: GeneratorTurn) -> Tensor:
    """Cross-entropy of the class that was asked for, Odena et al. 2017, eq. 3: a 9 for an 8 costs much (S2.4)."""
    return _class_loss(turn.fake, turn.fake_labels)


def d2d_ce_of_fake(turn: GeneratorTurn) -> Tensor:
    """Data-to-data cross-entropy of generated images: Kang et al. 2021, eq. 6."""
    return _data_to_data(turn.fake, turn.fake_labels, turn.share)


def path_length(turn: GeneratorTurn) -> Tensor:
    """(||J^T y|| - a)^2 by the styles: Karras et al. 2020 (StyleGAN2), eq. 4; a is a running mean, decay 0.99."""
    if turn.styles is None:
        raise _absent("path_length", "a styled generator", "a StyleGAN2 recipe")
    images = turn.fake_images
    noise = turn.stream.child("path_length").normal(len(images), images[0].numel())
    lengths = path_lengths(images, turn.styles, torch.from_numpy(noise).to(images).view_as(images))
    mean = turn.share.mean(lengths.mean())
    return (lengths - turn.signals.average("path_length", mean, AVERAGE_DECAY)).square()


def l1(turn: GeneratorTurn) -> Tensor:
    """Mean |y - G(x)| to the real image y whose view x was given: Isola et al. 2017, eq. 3."""
    return _distance(turn.fake_images, _translation(turn, "l1").images)


def cycle(turn: GeneratorTurn) -> Tensor:
    """Mean |F(G(x)) - x|, the translation turned back: Zhu et al. 2017, eq. 2; F is G asked for the class of x."""
    given = _translation(turn, "cycle")
    return _distance(given.translate(turn.fake_images, given.labels, "cycle"), given.images)


def identity(turn: GeneratorTurn) -> Tensor:
    """Mean |G(y) - y| where y is of the class asked for already: Zhu et al. 2017, section 5.2."""
    given = _translation(turn, "identity")
    return _distance(given.translate(given.images, given.labels, "identity"), given.images)


DISCRIMINATOR_PENALTIES: dict[str, DiscriminatorPenalty] = {
    "class_of_real": DiscriminatorPenalty(class_of_real, needs=CLASSES),
    "class_of_fake": DiscriminatorPenalty(class_of_fake, needs=CLASSES),
    "d2d_ce": DiscriminatorPenalty(d2d_ce_of_real, needs=EMBEDDINGS),
    "r1": DiscriminatorPenalty(r1, differentiates=frozenset({"real"})),
    "r2": DiscriminatorPenalty(r2, differentiates=frozenset({"fake"})),
    "gradient_penalty": DiscriminatorPenalty(gradient_penalty),
    "lecam": DiscriminatorPenalty(lecam),
    "consistency": DiscriminatorPenalty(consistency),
    "reconstruction": DiscriminatorPenalty(reconstruction, needs=frozenset({"reconstructions"})),
}
GENERATOR_PENALTIES: dict[str, GeneratorPenalty] = {
    "class_asked": GeneratorPenalty(class_asked, needs=CLASSES),
    "d2d_ce": GeneratorPenalty(d2d_ce_of_fake, needs=EMBEDDINGS),
    "path_length": GeneratorPenalty(path_length, needs=frozenset({"styles"})),
    "l1": GeneratorPenalty(l1, needs=PAIRS),
    "cycle": GeneratorPenalty(cycle, needs=DOMAINS),
    "identity": GeneratorPenalty(identity, needs=DOMAINS),
}


def _class_loss(verdict: Verdict, labels: Tensor | None) -> Tensor:
    if verdict.class_logits is None or labels is None:
        raise ConfigurationError(
            "A class loss needs labelled images and a discriminator that tells classes. "
            "Set its weight to 0 or choose an ACGAN recipe."
        )
    return cross_entropy(verdict.class_logits, labels, reduction="none")


def _data_to_data(verdict: Verdict, labels: Tensor | None, share: Share) -> Tensor:
    if verdict.embeddings is None or verdict.proxies is None or labels is None:
        raise _absent("d2d_ce", "labelled images and a discriminator that tells embeddings", "a ReACGAN recipe")
    everyone = (share.gather(verdict.embeddings), share.gather(labels))
    return data_to_data_cross_entropy(verdict.embeddings, verdict.proxies, labels, *everyone)


def _inconsistency(
    turn: DiscriminatorTurn, verdict: Verdict, images: Tensor, labels: Tensor | None, kind: str
) -> Tensor:
    changed = flip_and_shift(images.detach(), turn.stream.child(f"consistency/{kind}"))
    again = turn.judge(changed, labels, f"consistency/{kind}/discriminator")
    return (_image_scores(verdict) - _image_scores(again)).square()


def _image_scores(verdict: Verdict) -> Tensor:
    """Return one score for each image [N]: the mean of its patches."""
    return verdict.scores.flatten(1).mean(1) if verdict.scores.dim() > 1 else verdict.scores


def _translation(turn: GeneratorTurn, term: str) -> Translation:
    if turn.translation is None:
        raise _absent(term, "a generator that translates pictures", "a pix2pix or CycleGAN recipe")
    return turn.translation


def _distance(images: Tensor, others: Tensor) -> Tensor:
    """Return the mean absolute difference [N] of images."""
    return (images - others).abs().flatten(1).mean(1)


def _absent(term: str, need: str, recipe: str) -> ConfigurationError:
    return ConfigurationError(f"The term `{term}` needs {need}. Set its weight to 0 or choose {recipe}.")
