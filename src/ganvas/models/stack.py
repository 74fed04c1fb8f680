"""A network of your own: each player a list of lines, a layer each; shapes are inferred and checked line by line.

Residual and skip connections, excitation and attention are lines like others: one with a `name` may come in again
where a later one says `source`.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, model_validator
from torch import Tensor

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.layer import Around, Shape
from ganvas.models.family import FamilyConfig
from ganvas.models.lines import Line, NetworkError, Player, build, plan, read_line, run, shown, verdict_of
from ganvas.players import LatentDistribution, Verdict

MOST_SETTINGS, LONGEST_TEXT, LONGEST_LIST = 32, 200, 64


def _bounded(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry if it is small and plain: text, numbers and short lists of them."""
    for key, value in entry.items():
        parts = value if isinstance(value, list | tuple) else [value]
        if len(parts) > LONGEST_LIST or not all(isinstance(part, str | int | float) for part in parts):
            raise ValueError(f"`{key[:40]}` must be text, a number or a list of at most {LONGEST_LIST} of them")
        if any(len(text) > LONGEST_TEXT for text in (key, *parts) if isinstance(text, str)):
            raise ValueError(f"`{key[:40]}` is longer than {LONGEST_TEXT} characters")
    if len(entry) > MOST_SETTINGS:
        raise ValueError(f"a line has at most {MOST_SETTINGS} settings")
    return entry


Entry = Annotated[dict[str, Any], AfterValidator(_bounded)]
BASIC_GENERATOR: tuple[dict[str, Any], ...] = (
    {"layer": "linear", "units": 128},
    {"layer": "leaky_relu"},
    {"layer": "linear", "units": "channels * height * width"},
    {"layer": "tanh"},
    {"layer": "reshape", "shape": ["channels", "height", "width"]},
)
BASIC_DISCRIMINATOR: tuple[dict[str, Any], ...] = (
    {"layer": "flatten"},
    {"layer": "linear", "units": 128},
    {"layer": "leaky_relu"},
    {"layer": "linear", "units": 1},
)


class Config(FamilyConfig):
    """The lines of both players, as plain settings of layers."""

    family: Literal["stack"] = Field(default="stack", description="model family")
    latent_size: int = Field(default=100, ge=1, le=4096, description="length of the latent vector z")
    latent_distribution: LatentDistribution = Field(
        default="normal", description="distribution of z: N(0, 1) or U(-1, 1)"
    )
    generator_lines: tuple[Entry, ...] = Field(
        default=BASIC_GENERATOR, min_length=1, max_length=256, description="layers from z to the image"
    )
    discriminator_lines: tuple[Entry, ...] = Field(
        default=BASIC_DISCRIMINATOR, min_length=1, max_length=256, description="layers from the image to the score"
    )

    @model_validator(mode="after")
    def _check_lines(self) -> Self:
        """Raise `NetworkError` for unknown layers and settings; shapes wait for the images."""
        for player, entries in self.entries().items():
            for number, entry in enumerate(entries, 1):
                read_line(player, number, entry)
        return self

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Return None, or raise `NetworkError` naming the first line that does not fit these images."""
        self.plans(image_shape, num_classes)
        return None

    def offers(self) -> frozenset[str]:
        """Return what the discriminator's head tells beside the score."""
        return read_line("discriminator", len(self.discriminator_lines), self.discriminator_lines[-1]).offers

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator; it draws wanted classes where a line of it is given labels."""
        return Generator(self, self.plan("generator", image_shape, num_classes), image_shape, num_classes)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self.plan("discriminator", image_shape, num_classes))

    def entries(self) -> dict[Player, tuple[dict[str, Any], ...]]:
        """Return the plain lines of each player."""
        return {"generator": self.generator_lines, "discriminator": self.discriminator_lines}

    def plan(self, player: Player, image_shape: ImageShape, num_classes: int) -> list[Line]:
        """Return a player's lines with their shapes; raise `NetworkError` at the first that does not fit."""
        sizes = dict(image_shape._asdict(), classes=num_classes, latent_size=self.latent_size)
        if player == "generator":
            around = Around(num_classes, self.latent_size)
            lines = plan(player, self.generator_lines, (self.latent_size,), around, sizes)
            _expect_image(lines, image_shape)
        else:
            lines = plan(player, self.discriminator_lines, tuple(image_shape), Around(num_classes), sizes)
            _expect_score(lines)
        return lines

    def plans(self, image_shape: ImageShape, num_classes: int) -> dict[Player, list[Line]]:
        """Return both players' lines; a discriminator told the classes needs a generator that is told them too.

        Raises `NetworkError`, with the line, where the layers do not fit the images or each other.
        """
        found: dict[Player, list[Line]] = {
            player: self.plan(player, image_shape, num_classes) for player in self.entries()
        }
        told = [line for line in found["discriminator"] if line.takes("labels")]
        if told and not _is_told(found["generator"]):
            raise NetworkError(
                "discriminator",
                told[0].number,
                told[0].layer.layer,
                "it judges images by their class, and no line of the generator is told the class. Begin the generator "
                'with `layer = "label_embedding"`, or leave this line out.',
            )
        return found


class Generator(players.Generator):
    """Latents [N, Z] through the lines, some of them given labels, latents or earlier values beside."""

    def __init__(self, config: Config, lines: Sequence[Line], image_shape: ImageShape, num_classes: int) -> None:
        drawn = num_classes if _is_told(lines) else 0
        super().__init__(image_shape, drawn, config.latent_size, config.latent_distribution)
        self.plan = tuple(lines)
        self.lines = build(self.plan, "generator")

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        return run(self.plan, self.lines, latents, {"labels": labels, "latents": latents})


class Discriminator(players.Discriminator):
    """Images [N, C, H, W] through the lines to a score, to scores of patches, or to the verdict of a head."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self.plan = tuple(lines)
        self.lines = build(self.plan, "discriminator")

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]; labels [N] go to the lines that are told the class."""
        return verdict_of(run(self.plan, self.lines, images, {"labels": labels}))


def _is_told(lines: Sequence[Line]) -> bool:
    return any(line.takes("labels") for line in lines)


def _expect_image(lines: Sequence[Line], image_shape: ImageShape) -> None:
    last = lines[-1]
    if last.gives != tuple(image_shape):
        finding = f"the generator ends with {shown(last.gives)}, and the images are {shown(tuple(image_shape))}."
        advice = _towards_image(last.gives, image_shape)
        raise NetworkError("generator", last.number, last.layer.layer, f"{finding} {advice}")


def _towards_image(shape: Shape, image_shape: ImageShape) -> str:
    """Return which line to add so that `shape` becomes an image."""
    if len(shape) != 3:
        return (
            'Add `layer = "linear"` with `units = "channels * height * width"`, then `layer = "reshape"` with '
            '`shape = ["channels", "height", "width"]`.'
        )
    _, height, width = shape
    if height < image_shape.height or width < image_shape.width:
        stride = max(-(-image_shape.height // height), -(-image_shape.width // width))
        return (
            f'Add `layer = "transposed_convolution"` with `channels = "channels"`, `stride = {stride}`, '
            f"`kernel_size = {2 * stride}`{_then_crop(height * stride, width * stride, image_shape)}."
        )
    if (height, width) != tuple(image_shape[1:]):
        return 'Add `layer = "crop"` with `size = ["height", "width"]`, or enlarge less before.'
    return 'Add `layer = "convolution"` with `channels = "channels"`, then `layer = "tanh"`.'


def _then_crop(height: int, width: int, image_shape: ImageShape) -> str:
    fits = (height, width) == tuple(image_shape[1:])
    return "" if fits else ', then `layer = "crop"` with `size = ["height", "width"]`'


def _expect_score(lines: Sequence[Line]) -> None:
    """Refuse an end that is no score: (1,), the () of a head, or the (1, H, W) of judged patches."""
    last = lines[-1]
    if last.gives[:1] not in ((), (1,)) or len(last.gives) == 2:
        first = "" if len(last.gives) == 1 else '`layer = "flatten"`, then '
        raise NetworkError(
            "discriminator",
            last.number,
            last.layer.layer,
            f"the discriminator ends with {shown(last.gives)}, and a score is one number. Add {first}"
            '`layer = "linear"` with `units = 1`, or a head such as `layer = "class_heads"` or `layer = "projection"`.',
        )
