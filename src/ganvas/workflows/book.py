"""The names of the textbook: `build_generator`, `build_discriminator`, `train_gan` (S1).

generator = build_generator("mlp_gan", image_shape=(1, 28, 28))
discriminator = build_discriminator("mlp_gan", image_shape=(1, 28, 28))
gan = Gan(generator, discriminator)
history = train_gan(gan, "data/mnist", epochs=5)
"""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.data.feed import Feed
from ganvas.data.scalings.contract import Scaling
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DataError, UsageError
from ganvas.images import ImageShape, Pixels
from ganvas.models import MODELS
from ganvas.models.family import build_gan, family_config
from ganvas.players import Discriminator, Gan, Generator
from ganvas.progress import Silent
from ganvas.recipes import RECIPES
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.training.engine import Game, cpu_threads
from ganvas.training.interrupt import stop_on_signal
from ganvas.training.loop import train as play
from ganvas.training.monitor import Monitor, Record
from ganvas.training.round import Round

Images = Dataset | str | Path | tuple[Pixels, np.ndarray | None]


def build_generator(
    family: str = "mlp_gan",
    image_shape: tuple[int, int, int] = (1, 28, 28),
    num_classes: int = 10,
    seed: int = 0,
    **sizes: Any,  # noqa: ANN401
) -> Generator:
    """Return the generator of a family: latents [N, Z] (and labels [N]) to images [N, C, H, W] in [-1, 1] (S1.1).

    `image_shape` is channels, height, width; `sizes` are fields of the family's configuration, such as `latent_size`.
    A family without classes ignores `num_classes`. Raises `UsageError` for an unknown family, `ModelError` for images
    that it cannot do.
    """
    return _build(family, image_shape, num_classes, seed, sizes).generator


def build_discriminator(
    family: str = "mlp_gan",
    image_shape: tuple[int, int, int] = (1, 28, 28),
    num_classes: int = 10,
    seed: int = 0,
    **sizes: Any,  # noqa: ANN401
) -> Discriminator:
    """Return the discriminator of a family: images [N, C, H, W] to a verdict (S1.2).

    Its scores are logits: the book's sigmoid is taken inside the loss, where it is exact for large scores;
    `verdict.scores.sigmoid()` is the probability of "real". The arguments are those of `build_generator`, and so
    is what it raises.
    """
    return _build(family, image_shape, num_classes, seed, sizes).discriminator


def train_gan(
    gan: Gan,
    dataset: Images,
    epochs: float,
    recipe: str | Recipe | None = None,
    report: Callable[[Record], None] | None = None,
    **settings: Any,  # noqa: ANN401
) -> list[Record]:
    """Train both players of `gan` in place for `epochs` passes over the images; return the losses of each iteration.

    The book's steps (S1.4), each iteration: draw noise and generate; take a random batch of real images; train the
    discriminator on both, labelled generated and real; then train the generator on noise, labelled "real".
    `report` receives every iteration's record (`step`, `epoch`, `d/loss`, `g/loss` and their parts, accuracies); it
    prints both losses by default. `recipe` is by default the one named like the family; `settings` replace fields of
    it by their dotted names. `dataset` is a dataset folder or a pair (uint8 images [N, H, W, C], labels [N] or None).
    Images of a folder are seen through its scaling; `sample(..., decode=decoder_of(dataset.scaling))` gives bytes.
    Raises `DataError` for images that cannot be, `ConfigurationError` for settings, `NotFiniteError` when training
    breaks down.
    """
    found = recipe if isinstance(recipe, Recipe) else find_recipe(recipe or _recipe_of(gan))
    training = found.override(**settings).training
    pixels, labels, weights, scaling = _arrays(dataset)
    _check_fit(gan, pixels, labels)
    images_a_step = training.batch_size * training.discriminator_steps
    training = training.override(steps=max(1, ceil(epochs * len(pixels) / images_a_step)))
    history = _History(len(pixels) / images_a_step, report or _print_losses)
    feed = Feed.from_arrays(
        pixels,
        labels,
        training.batch_size,
        training.seed,
        shuffle=training.shuffle,
        weights=weights,
        balance_alpha=training.balance_alpha,
        mirror=training.mirror,
        max_repeats=training.max_repeats,
        scaling=scaling,
    )
    monitor = Monitor(training.monitor)
    with cpu_threads(training.threads), stop_on_signal(print) as stop, feed:
        game = Game(gan, training)
        play(Round(game, training, feed), monitor, training, history, stop, Silent())
    if game.average.separate:
        gan.generator.load_state_dict(game.average.generator.state_dict())
    return history.records


class _History:
    """Keeps every record in memory, and tells of each."""

    def __init__(self, steps_an_epoch: float, report: Callable[[Record], None]) -> None:
        self.steps_an_epoch = steps_an_epoch
        self.report = report
        self.records: list[Record] = []

    def record(self, record: Record) -> None:
        """Keep and report one iteration."""
        self.records.append({"epoch": ceil(record["step"] / self.steps_an_epoch), **record})
        self.report(self.records[-1])

    def snapshot(self, game: Game) -> None:
        """Draw nothing: the caller has the players."""

    def score(self, game: Game, seconds: float) -> Record:
        """Give no scores: the caller has the players."""
        return {}

    def save(self, game: Game, monitor: Monitor) -> None:
        """Write nothing: the caller has the players."""


def _print_losses(record: Record) -> None:
    print(
        f"epoch {record['epoch']:.0f}  iteration {record['step']:.0f}  "
        f"discriminator loss {record['d/loss']:.4f}  generator loss {record['g/loss']:.4f}"
    )


def _build(family: str, image_shape: tuple[int, int, int], num_classes: int, seed: int, sizes: dict[str, Any]) -> Gan:
    if len(image_shape) != 3:
        raise UsageError(f"`image_shape` is (channels, height, width), such as (1, 28, 28); found {image_shape}.")
    return build_gan(family_config(family, **sizes), ImageShape(*image_shape), num_classes, seed)


def _recipe_of(gan: Gan) -> str:
    home = type(gan.discriminator).__module__
    families = [name for name, entry in MODELS.items() if entry.path.startswith(f"{home}:")]
    if not families or families[0] not in RECIPES:
        raise ConfigurationError(
            f"No recipe is named like these players' family. Name one: recipe= one of {', '.join(RECIPES)}."
        )
    return families[0]


def _arrays(dataset: Images) -> tuple[Pixels, np.ndarray | None, np.ndarray | None, Scaling | None]:
    """Return images, labels, weights and scaling."""
    if isinstance(dataset, tuple):
        return *dataset, None, None
    opened = dataset if isinstance(dataset, Dataset) else Dataset.open(Path(dataset))
    return opened.pixels("train"), opened.labels("train"), opened.weights("train"), opened.scaling


def _check_fit(gan: Gan, pixels: Pixels, labels: np.ndarray | None) -> None:
    channels, height, width = gan.generator.image_shape
    if pixels.shape[1:] != (height, width, channels):
        raise DataError(
            f"The players do {gan.generator.image_shape} images; the dataset's are {list(pixels.shape[1:])}. "
            "Prepare it at the players' size, or build them with its `image_shape`."
        )
    if gan.generator.num_classes and (labels is None or labels.max() >= gan.generator.num_classes):
        found = "none" if labels is None else f"up to {labels.max()}"
        raise DataError(f"The generator draws {gan.generator.num_classes} classes; the dataset's labels are {found}.")
