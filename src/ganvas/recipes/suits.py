"""What each recipe was made for, in numbers, so that advice can compare recipes: a row here, none where it is unknown.

A recipe's sheet says the same in prose, for people; a run's configuration must not hold it, for it changes nothing of
a run. What can be asked elsewhere is not here: a family refuses images itself, and time and memory are measured.
"""

from typing import Literal, NamedTuple

Hardware = Literal["laptop", "gpu", "gpus"]
FEW = 1_000
"""Images below which D soon knows them by heart, unless what it sees is augmented."""
AUGMENT = ("training.augment.kind", "diffaugment")
"""The setting that has it augmented where a recipe does not by itself."""
AUGMENTED = f"--{AUGMENT[0]} {AUGMENT[1]}"
"""The same as an option."""


class Suits(NamedTuple):
    """The images for which a recipe's sizes and settings were chosen, and the machine: a GPU or several for days."""

    hardware: Hardware
    sides: tuple[int, int]
    """Shortest and longest side, in pixels."""
    images: tuple[int, int | None]
    """Fewest and most images; None where more is always better."""
    channels: tuple[int, ...] = (1, 3)
    recognisable: tuple[int, str] | None = None
    """Images shown until what G draws could be made out, at most, and where that was seen."""


SUITS: dict[str, Suits] = {
    "compact": Suits("laptop", (8, 64), (1_000, None)),
    "r3gan_small": Suits("laptop", (8, 64), (1_000, None)),
    "acgan": Suits(
        "laptop",
        (8, 64),
        (1_000, None),
        recognisable=(64_000, "the digits of 16 px: 98.6 % drawn as asked after 1,000 steps, docs/log.md"),
    ),
    "acgan_mnist": Suits(
        "gpu", (28, 28), (50_000, None), (1,), (300_000, "the book: reasonable digits after 5 epochs of MNIST")
    ),
    "r3gan": Suits("gpus", (32, 32), (50_000, None)),
    "r3gan_64": Suits("gpus", (64, 64), (50_000, None)),
    "r3gan_256": Suits("gpus", (192, 256), (50_000, None)),
    "mlp_gan": Suits("laptop", (8, 32), (1_000, None), (1,)),
    "dcgan": Suits("gpu", (28, 64), (10_000, None)),
    "cgan": Suits("gpu", (28, 64), (10_000, None)),
    "lsgan": Suits("gpu", (28, 64), (10_000, None)),
    "wgan": Suits("gpu", (28, 64), (10_000, None)),
    "wgan_gp": Suits("gpu", (28, 64), (10_000, None)),
    "sngan": Suits("gpu", (28, 128), (10_000, None)),
    "sngan_projection": Suits("gpu", (28, 128), (10_000, None)),
    "sagan": Suits("gpu", (28, 128), (10_000, None)),
    "biggan": Suits("gpu", (28, 128), (20_000, None)),
    "biggan_diffaugment": Suits("gpu", (28, 128), (1_000, None)),
    "reacgan": Suits("gpu", (28, 128), (20_000, None)),
    "fastgan": Suits("gpu", (64, 1024), (100, 5_000)),
    "stylegan2": Suits("gpus", (32, 32), (100_000, None)),
    "stylegan2_ada": Suits("gpus", (32, 32), (2_000, 100_000)),
    "stylegan2_64": Suits("gpus", (48, 96), (1_000, None)),
    "stylegan2_256": Suits("gpus", (160, 256), (1_000, None)),
    "stylegan2_small": Suits("laptop", (28, 64), (1_000, None)),
    "sequence_gan": Suits(
        "laptop", (8, 32), (1_000, None), (1,), (16_000, "digits at 28 px after 250 steps, the recipe's sheet")
    ),
    "transgan": Suits("gpu", (16, 64), (10_000, None)),
}
