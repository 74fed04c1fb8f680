"""A discriminator of patches (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks"):
convolutions give a score for each of many overlapping patches of what they are shown, and know nothing of the whole.
Instance normalisation is what batch normalisation is at the papers' batch of one.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganvas.images import ImageShape
from ganvas.layers.instance_norm import instance_norm

SMALLEST, LARGEST = 16, 512
LEAK = 0.2
WIDEST = 8  # times the channels of the first layer
LEAST_MAP = 3  # px of the coarsest map: the two last layers leave 1 px of it


class PatchScores(nn.Module):
    """4x4 convolutions of stride 2, one of stride 1, one to the score: [N, C, H, W] -> [N, P] for P patches."""

    def __init__(self, channels: int, width: int, num_halvings: int) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST) for level in range(num_halvings + 1)]
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(LEAK)]
        for level, (before, after) in enumerate(pairwise(widths), 1):
            stride = 2 if level < num_halvings else 1
            layers += [nn.Conv2d(before, after, 4, stride, 1), instance_norm(after), nn.LeakyReLU(LEAK)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1), nn.Flatten())
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores [N, P] of the patches of images [N, C, H, W]."""
        return self.layers(images)


def refuse_patches(image_shape: ImageShape, num_halvings: int, divisor: int) -> str | None:
    """Return why images of this shape cannot be translated by halving and doubling them; None when they can."""
    if image_shape.channels not in (1, 3):
        return "it does 1 or 3 channels. Prepare with `--channels 1` or `--channels 3`."
    if not all(SMALLEST <= side <= LARGEST and side % divisor == 0 for side in image_shape[1:]):
        return (
            f"it does heights and widths from {SMALLEST} to {LARGEST} px that are multiples of {divisor}. "
            "Prepare with such a `--size`."
        )
    if min(image_shape[1:]) >> num_halvings < LEAST_MAP:
        return (
            f"its discriminator halves them {num_halvings} times, which leaves less than {LEAST_MAP} px. "
            "Set a smaller `model.patch_halvings`."
        )
    return None


def initialise(network: nn.Module) -> None:
    """Draw all weights of convolutions from N(0, 0.02^2), and set their biases to 0, as both papers say."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
