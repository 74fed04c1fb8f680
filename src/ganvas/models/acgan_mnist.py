"""The ACGAN on handwritten digits of "Deep Learning with JavaScript", chapter 10, to the parameter (S2).

Odena, Olah and Shlens 2017, "Conditional Image Synthesis With Auxiliary Classifier GANs", in the book's own network:
2,657,897 numbers in the generator, 525,835 in the discriminator.
"""

from typing import Literal

from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.convolution import SameConv2d
from ganvas.layers.dropout import Dropout
from ganvas.layers.transposed_convolution import SameConvTranspose2d
from ganvas.models.family import FamilyConfig
from ganvas.players import Verdict

LATENT_SIZE = 100
EPSILON, MOMENTUM = 1e-3, 0.01  # Keras' defaults of batch normalisation; its momentum 0.99 is torch's 0.01


class Config(FamilyConfig):
    """The book's network has no sizes to choose."""

    family: Literal["acgan_mnist"] = Field(default="acgan_mnist", description="model family")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse all but 28x28 greyscale images with classes."""
        if image_shape != ImageShape(1, 28, 28):
            return (
                "the book's network does 28x28 greyscale only. Prepare with `--size 28 --channels 1`, or use family "
                "`acgan`, which does 8 to 64 px and colour."
            )
        if num_classes < 2:
            return "it draws wanted classes, and this dataset has none. Use `compact`."
        return None

    def offers(self) -> frozenset[str]:
        """Return that the discriminator gives logits of the classes."""
        return frozenset({"classes"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(num_classes)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(num_classes)


class Generator(players.Generator):
    """Class embedding times z -> 384x3x3 -> 192x7x7 -> 96x14x14 -> 1x28x28 (S2.1)."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(ImageShape(1, 28, 28), num_classes, LATENT_SIZE, "uniform")
        self.embedding = nn.Embedding(num_classes, LATENT_SIZE)
        self.start = nn.Sequential(nn.Linear(LATENT_SIZE, 3456), nn.ReLU(), nn.Unflatten(1, (384, 3, 3)))
        self.grow = nn.Sequential(
            nn.ConvTranspose2d(384, 192, 5),
            nn.ReLU(),
            nn.BatchNorm2d(192, EPSILON, MOMENTUM),
            SameConvTranspose2d(192, 96, 5, stride=2),
            nn.ReLU(),
            nn.BatchNorm2d(96, EPSILON, MOMENTUM),
            SameConvTranspose2d(96, 1, 5, stride=2),
            nn.Tanh(),
        )
        self.apply(_initialise)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, 100] and labels [N] to images [N, 1, 28, 28]."""
        return self.grow(self.start(latents * self.embedding(labels)))


class Discriminator(players.Discriminator):
    """Four 3x3 convolutions, then a score and the logits of the classes (S2.2)."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, stride in ((1, 32, 2), (32, 64, 1), (64, 128, 2), (128, 256, 1)):
            layers += [SameConv2d(before, after, 3, stride), nn.LeakyReLU(0.2), Dropout(0.3)]
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.realness = nn.Linear(12544, 1)
        self.classes = nn.Linear(12544, num_classes)
        self.apply(_initialise)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, 1, 28, 28]; labels are not used."""
        features = self.features(images)  # [N, 12544]
        return Verdict(self.realness(features).squeeze(1), self.classes(features))


def _initialise(layer: nn.Module) -> None:
    """Glorot normal for transposed convolutions and the embedding, Glorot uniform elsewhere, biases zero."""
    if isinstance(layer, nn.ConvTranspose2d | nn.Embedding):
        nn.init.xavier_normal_(layer.weight)
    elif isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
    if isinstance(layer, nn.ConvTranspose2d | nn.Conv2d | nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)
