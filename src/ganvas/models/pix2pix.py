"""pix2pix: from a view of a picture back to the picture, learnt from pairs (Isola, Zhu, Zhou and Efros 2017,
"Image-to-Image Translation with Conditional Adversarial Networks").

The pairs are made of real images: the source is a `view` of each, such as its edges, and the target is the image.
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, cat, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.dropout import Dropout
from ganvas.layers.instance_norm import instance_norm
from ganvas.models.family import FamilyConfig
from ganvas.models.patches import LEAK, WIDEST, PatchScores, initialise, refuse_patches
from ganvas.models.views import VIEWS
from ganvas.players import Verdict

LEAST_HALVINGS = 2


class Config(FamilyConfig):
    """Sizes of the U-Net and of the discriminator of patches."""

    family: Literal["pix2pix"] = Field(default="pix2pix", description="model family")
    view: Literal["edges", "grey", "night"] = Field(
        default="edges",
        description="what G is given of each image: "
        + "; ".join(f"{name}, {view.summary}" for name, view in VIEWS.items()),
    )
    generator_width: int = Field(default=64, ge=4, le=512, description="channels of the U-Net's finest level")
    discriminator_width: int = Field(default=64, ge=4, le=512, description="channels of D's first layer")
    dropout: float = Field(
        default=0.5, ge=0, lt=1, description="noise of G: share of values zeroed at its coarser levels, in training"
    )
    patch_halvings: int = Field(
        default=2, ge=1, le=5, description="D judges patches of 16 px with 1, 34 px with 2, 70 px with 3"
    )

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 16 to 512 px, those that are no multiples of 4, and the colours of greyscale."""
        if VIEWS[self.view].needs_colour and image_shape.channels == 1:
            return (
                f"its view `{self.view}` leaves out colours, and these have none. Prepare with `--channels 3`, or "
                "choose `model.view` edges or night."
            )
        return refuse_patches(image_shape, self.patch_halvings, 2**LEAST_HALVINGS)

    def offers(self) -> frozenset[str]:
        """Return that each source has its target."""
        return frozenset({"pairs"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator; classes are not used."""
        return Generator(image_shape, self.view, self.generator_width, self.dropout)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator; classes are not used."""
        channels = image_shape.channels + VIEWS[self.view].num_channels(image_shape.channels)
        return Discriminator(channels, self.discriminator_width, self.patch_halvings)


class Generator(players.Translator):
    """A U-Net: 4x4 convolutions halve the source down to 2 or 3 px, deconvolutions double it; each level is joined to
    that of the same size on the way down, up to the full size, so that lines stay where they are.
    """

    def __init__(self, image_shape: ImageShape, view: str, width: int, dropout: float) -> None:
        chosen = VIEWS[view]
        super().__init__(image_shape, 0, chosen.num_channels(image_shape.channels))
        self.view_of = chosen.of
        widths = [width * min(2**level, WIDEST) for level in range(num_halvings(image_shape) + 1)]
        coarsest = len(widths) - 1
        self.down = nn.ModuleList([nn.Conv2d(self.source_shape.channels, width, 3, 1, 1)])
        for level, (before, after) in enumerate(pairwise(widths), 1):
            norm = instance_norm(after) if level < coarsest else nn.Identity()  # of few places, it wipes them out
            self.down.append(nn.Sequential(nn.LeakyReLU(LEAK), nn.Conv2d(before, after, 4, 2, 1), norm))
        self.up = nn.ModuleList()
        for level in range(coarsest, 0, -1):
            joined = widths[level] * (1 if level == coarsest else 2)
            self.up.append(_doubled(joined, widths[level - 1], dropout if level > coarsest / 2 else 0.0))
        self.finish = nn.Sequential(nn.ReLU(), nn.Conv2d(2 * width, image_shape.channels, 3, 1, 1), nn.Tanh())
        initialise(self)

    def translate(self, sources: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map sources [N, C', H, W] to images [N, C, H, W]; labels are not used."""
        levels, x = [], sources
        for layer in self.down:
            x = layer(x)
            levels.append(x)
        levels.pop()
        for layer in self.up:
            x = cat([layer(x), levels.pop()], 1)
        return self.finish(x)

    def view(self, images: Tensor) -> Tensor:
        """Return the view [N, C', H, W] of images [N, C, H, W]."""
        return self.view_of(images)

    def wanted(self, labels: Tensor | None) -> Tensor | None:
        """Return no classes, for labels [N]: none are asked for."""
        return None

    def shown(self, images: Tensor, sources: Tensor) -> Tensor:
        """Return images and their sources [N, C, H, W], joined by channels: D sees whether the two belong together."""
        return cat([images, sources], 1)


class Discriminator(players.Discriminator):
    """A score for each patch of the image and its source."""

    def __init__(self, channels: int, width: int, halvings: int) -> None:
        super().__init__()
        self.patches = PatchScores(channels, width, halvings)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score the patches of images joined to sources [N, C + C', H, W]."""
        return Verdict(self.patches(images))


def num_halvings(image_shape: ImageShape) -> int:
    """Return how often both sides can be halved exactly and leave 2 px or more."""
    _, height, width = image_shape
    count = 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 4:
        height, width, count = height // 2, width // 2, count + 1
    return count


def _doubled(before: int, after: int, dropout: float) -> nn.Sequential:
    layers = [nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1), instance_norm(after)]
    return nn.Sequential(*layers, Dropout(dropout)) if dropout else nn.Sequential(*layers)
