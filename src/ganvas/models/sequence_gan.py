"""A recurrent GAN that writes and reads an image as a sequence of rows (Mogren 2016, "C-RNN-GAN: Continuous recurrent
neural networks with adversarial training"; Esteban, Hyland and Rätsch 2017, "Real-valued (Medical) Time Series
Generation with Recurrent Conditional GANs").
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from ganvas.layers.projection import ClassProjection
from ganvas.models.family import FamilyConfig
from ganvas.players import Verdict

SMALLEST, LARGEST = 4, 64
LATENT_GAIN = 1.4
LEAK = 0.2
CELLS: dict[str, type[nn.GRU | nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class Config(FamilyConfig):
    """Sizes of the recurrent GAN."""

    family: Literal["sequence_gan"] = Field(default="sequence_gan", description="model family")
    cell: Literal["gru", "lstm"] = Field(
        default="gru", description="recurrent cell: gated recurrent unit, or long short-term memory"
    )
    latent_size: int = Field(default=64, ge=1, le=4096, description="length of the latent vector z")
    embedding_size: int = Field(default=32, ge=1, le=4096, description="length of the class embedding joined to z")
    generator_width: int = Field(default=128, ge=1, le=4096, description="units of each of the generator's layers")
    generator_depth: int = Field(default=1, ge=1, le=8, description="recurrent layers of the generator")
    discriminator_width: int = Field(
        default=64, ge=1, le=4096, description="units of each of the discriminator's layers, in each direction"
    )
    discriminator_depth: int = Field(default=1, ge=1, le=8, description="recurrent layers of the discriminator")
    deviation_group: int = Field(default=4, ge=1, le=1024, description="images whose spread D is told together")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 4 to 64 px, and more than 4 channels."""
        if not all(SMALLEST <= size <= LARGEST for size in image_shape[1:]):
            return (
                f"it reads an image row by row, of heights and widths from {SMALLEST} to {LARGEST} px. Prepare with "
                f"`--size {LARGEST}` or less."
            )
        if image_shape.channels > 4:
            return "it does 1 to 4 channels. Prepare with `--channels 1` or `--channels 3`."
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)


class Generator(players.Generator):
    """z and the class embedding, the same at every step, and what the step is -> recurrent layers -> a row a step."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size)
        width, values_in_row = config.generator_width, image_shape.width * image_shape.channels
        self.embedding = nn.Embedding(num_classes, config.embedding_size) if num_classes else None
        given = config.latent_size + (config.embedding_size if num_classes else 0)
        self.start = nn.Linear(given, width)
        self.steps = nn.Parameter(torch.empty(image_shape.height, width))
        self.rows = CELLS[config.cell](width, width, config.generator_depth, batch_first=True)
        self.write = nn.Linear(width, values_in_row)
        nn.init.normal_(self.start.weight, std=LATENT_GAIN * given**-0.5)
        nn.init.normal_(self.steps, std=0.5)  # below z, or all images begin alike
        _initialise(self.rows)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        if self.embedding is not None:
            latents = torch.cat([latents, self.embedding(labels)], dim=1)
        given = self.start(latents).unsqueeze(1) + self.steps  # [N, H, width]
        written = self.write(self.rows(given)[0]).tanh()  # [N, H, C W]
        channels, height, width = self.image_shape
        return written.view(-1, height, channels, width).transpose(1, 2)


class Discriminator(players.Discriminator):
    """Rows read downwards and upwards, the mean of the states, a hidden layer -> score, and match with the class.

    The hidden layer is told how much the states of a group of images differ, which puts off that G, given classes,
    draws one picture for each (docs/log.md).
    """

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        width = config.discriminator_width
        self.rows = CELLS[config.cell](
            image_shape.width * image_shape.channels,
            width,
            config.discriminator_depth,
            batch_first=True,
            bidirectional=True,
        )
        self.spread = MinibatchStandardDeviation(config.deviation_group)
        self.understand = nn.Sequential(nn.Linear(2 * width + 1, 2 * width), nn.LeakyReLU(LEAK))
        self.judge = ClassProjection(2 * width, num_classes)
        _initialise(self.rows)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W], shown as labels [N] where there are classes."""
        rows = images.transpose(1, 2).flatten(2)  # [N, H, C W]
        with torch.backends.cudnn.flags(enabled=not images.requires_grad):  # cuDNN's cells are differentiated once only
            read = self.rows(rows)[0].mean(1)  # [N, 2 width]
        understood = self.understand(self.spread(read[:, :, None, None]).flatten(1))
        return Verdict(self.judge(understood, labels))


def _initialise(rows: nn.GRU | nn.LSTM) -> None:
    """Keep variances through the steps: inputs weighed by N(0, 1 / fan_in), states by an orthogonal matrix a gate."""
    for name, weight in rows.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        elif name.startswith("weight_hh"):
            for gate in weight.split(weight.shape[1]):
                nn.init.orthogonal_(gate)
