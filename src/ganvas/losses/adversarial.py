"""Adversarial losses: pairs of pure functions (real scores [N], fake scores [N]) -> losses [N], lower is better.

Scores are logits of "real". Softplus(x) = log(1 + e^x), so softplus(-x) = -log sigmoid(x).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import relu, softplus

Loss = Callable[..., Tensor]
"""(real scores [N], fake scores [N]) -> losses [N]"""


class Pair(NamedTuple):
    """What each player minimises.

    `has_target`: the losses know a target for "real"; `compares`: the generator's loss looks at real scores too.
    """

    discriminator: Loss
    generator: Loss
    has_target: bool = False
    compares: bool = False


def cross_entropy_to(scores: Tensor, target: float) -> Tensor:
    """Return the binary cross-entropy [N] of logits [N] against one target probability."""
    return target * softplus(-scores) + (1 - target) * softplus(scores)


def bce_discriminator(real: Tensor, fake: Tensor, real_target: float = 1.0) -> Tensor:
    """Goodfellow et al. 2014, eq. 1; `real_target` below 1 is one-sided label smoothing (Salimans et al. 2016)."""
    return cross_entropy_to(real, real_target) + softplus(fake)


def bce_generator(real: Tensor, fake: Tensor, real_target: float = 1.0) -> Tensor:
    """Goodfellow et al. 2014, section 3, the non-saturating form: call the fakes real."""
    return cross_entropy_to(fake, real_target)


def saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow et al. 2014, eq. 1, the minimax game itself: log(1 - sigmoid(D(G(z)))); flat where D is sure."""
    return -softplus(fake)


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mao et al. 2017, eq. 9: (D(x) - 1)^2 / 2 + D(G(z))^2 / 2."""
    return 0.5 * ((real - 1).square() + fake.square())


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Mao et al. 2017, eq. 9: (D(G(z)) - 1)^2 / 2."""
    return 0.5 * (fake - 1).square()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim and Ye 2017, eq. 8: max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
    return relu(1 - real) + relu(1 + fake)


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Arjovsky et al. 2017, eq. 2: D(G(z)) - D(x)."""
    return fake - real


def wasserstein_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Arjovsky et al. 2017, eq. 2: -D(G(z))."""
    return -fake


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Jolicoeur-Martineau 2018, section 3, paired: softplus(-(D(x) - D(G(z))))."""
    return softplus(fake - real)


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Jolicoeur-Martineau 2018, section 3, paired: softplus(-(D(G(z)) - D(x)))."""
    return softplus(real - fake)


PAIRS: dict[str, Pair] = {
    "non_saturating": Pair(bce_discriminator, bce_generator, has_target=True),
    "saturating": Pair(bce_discriminator, saturating_generator),
    "least_squares": Pair(least_squares_discriminator, least_squares_generator),
    "hinge": Pair(hinge_discriminator, wasserstein_generator),
    "wasserstein": Pair(wasserstein_discriminator, wasserstein_generator),
    "relativistic": Pair(relativistic_discriminator, relativistic_generator, compares=True),
}


def adversarial_pair(name: str, real_target: float = 1.0) -> Pair:
    """Return the row `name`, its target for "real" set where it has one."""
    pair = PAIRS[name]
    if not pair.has_target:
        return pair
    return pair._replace(
        discriminator=partial(pair.discriminator, real_target=real_target),
        generator=partial(pair.generator, real_target=real_target),
    )
