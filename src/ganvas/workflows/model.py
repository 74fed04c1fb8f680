"""A trained generator at hand: from a run folder or a model folder."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.scalings.contract import Scaling
from ganvas.errors import ModelError, UsageError, did_you_mean
from ganvas.generation import directions, translating
from ganvas.generation.decoding import decoder_of
from ganvas.generation.sampling import draw_labels, sample, sample_chunks
from ganvas.images import ImageShape, Pixels
from ganvas.models.family import FamilyConfig, build_gan
from ganvas.models.saved import DESCRIPTION, empty_players, read_model
from ganvas.players import Discriminator, Gan, Generator, Translator
from ganvas.provenance import Provenance
from ganvas.storage import reading, sha256_of_file
from ganvas.tensors import adopt_file, digest, is_pickle, pickle_refusal
from ganvas.training import checkpoint
from ganvas.workflows.run_folder import RunFolder, is_run_folder

Labels = int | str | Sequence[int | str] | NDArray[np.int64] | None


class Model:
    """A generator with its classes; `load` reads one."""

    def __init__(
        self,
        config: FamilyConfig,
        generator: Generator,
        discriminator: Discriminator | None,
        classes: tuple[str, ...],
        origin: dict[str, Any],
        scaling: Scaling | None = None,
    ) -> None:
        self.config = config
        self.generator = generator
        self.discriminator = discriminator
        self.classes = classes
        self.origin = origin
        self.scaling = scaling
        """How bytes become what the networks see, and back; None for the usual x / 127.5 - 1."""
        self.folder: Path | None = None
        """The run or model folder that it was read from."""

    @classmethod
    def untrained(cls, config: FamilyConfig, shape: ImageShape, classes: tuple[str, ...], seed: int = 0) -> Self:
        """Return a model with its initial weights."""
        gan = build_gan(config, shape, len(classes), seed)
        return cls(config, gan.generator, gan.discriminator, classes, {})

    @property
    def image_shape(self) -> ImageShape:
        """Channels, height and width of its images."""
        return self.generator.image_shape

    @property
    def conditional(self) -> bool:
        """Whether it draws wanted classes."""
        return self.generator.num_classes > 0

    @property
    def translates(self) -> bool:
        """Whether it turns pictures into others, and draws none of its own."""
        return isinstance(self.generator, Translator)

    @property
    def source_shape(self) -> ImageShape:
        """Channels, height and width of the pictures that it translates; `UsageError` where it does not."""
        return self._translator().source_shape

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the generator's weights as a safetensors file: by it a picture names the model it is of."""
        return digest(self.generator.state_dict())

    @cached_property
    def directions(self) -> directions.Directions:
        """The directions found in its latent space by `explore` and kept in its folder; none where it has not been."""
        if self.folder is None:
            return directions.Directions.none()
        return directions.read_directions(self.folder, self.sha256)

    def provenance(self, **made_of: Any) -> Provenance:  # noqa: ANN401
        """Return what a file made by this model says of itself; `made_of` are its seed, index, label and settings."""
        recipe, step = str(self.origin.get("recipe") or ""), self.origin.get("step")
        known = step if isinstance(step, int) else None
        return Provenance(model=self.sha256, family=self.config.family, recipe=recipe[:1000], step=known, **made_of)

    @property
    def gan(self) -> Gan:
        """Both players as one composed model.

        Raises `ModelError` where the model was saved without its discriminator.
        """
        if self.discriminator is None:
            raise ModelError("This model was saved without its discriminator.")
        return Gan(self.generator, self.discriminator)

    def generate(self, num: int, labels: Labels = None, seed: int = 0, first: int = 0) -> Pixels:
        """Return images `first` ... `first + num - 1` of `seed` as uint8 [num, H, W, C].

        Image i of a seed is the same, to the pixel, however many are made at once. `labels` is a class (number or
        name) for all or one for each; a conditional model draws them when None.
        """
        numbers, decode = self.class_numbers(labels, self.check_num(num, first)), decoder_of(self.scaling)
        return sample(self.generator, num, numbers, seed, first, decode)

    def generate_chunks(self, num: int, labels: Labels = None, seed: int = 0, first: int = 0) -> Iterator[Pixels]:
        """Yield the same images in pieces uint8 [n, H, W, C], so that memory stays flat."""
        numbers, decode = self.class_numbers(labels, self.check_num(num, first)), decoder_of(self.scaling)
        return sample_chunks(self.generator, num, numbers, seed, first, decode)

    def translate(self, pixels: Pixels, labels: Labels = None, view: bool = False) -> Pixels:
        """Return the translations uint8 [N, H, W, C] of pictures uint8 [N, H, W, C'], of `source_shape`.

        `labels` is the class to turn them into, where the model has classes. With `view` the pictures are finished
        ones, [N, H, W, C], and what is translated is what the model is given of such: their edges, say.
        """
        return np.concatenate(list(self.translate_chunks(self.view(pixels) if view else pixels, labels)))

    def translate_chunks(self, pixels: Pixels, labels: Labels = None) -> Iterator[Pixels]:
        """Yield the translations in pieces uint8 [n, H, W, C], so that memory stays flat."""
        translator, numbers = self._translator(), self.class_numbers(labels, len(pixels))
        return translating.translate_chunks(translator, pixels, numbers, decoder_of(self.scaling))

    def translate_real(self, pixels: Pixels, labels: NDArray[np.int64] | None = None) -> translating.Translated:
        """Return finished pictures of classes `labels` [N] translated as in training: of a view of each."""
        own = labels if self.conditional else None
        return translating.translate_real(self._translator(), pixels, own, decoder_of(self.scaling))

    def view(self, pixels: Pixels) -> Pixels:
        """Return what the model is given of finished pictures uint8 [N, H, W, C]: uint8 of `source_shape`."""
        return translating.view(self._translator(), pixels)

    def labels_of(self, num: int, labels: Labels = None, seed: int = 0, first: int = 0) -> NDArray[np.int64] | None:
        """Return the classes [num] that `generate` shows with the same arguments; None when unconditional."""
        numbers = self.class_numbers(labels, num)
        if numbers is None and self.conditional:
            return draw_labels(self.generator, num, seed, first)
        return numbers

    def class_numbers(self, labels: Labels, num: int) -> NDArray[np.int64] | None:
        """Return wanted classes as numbers [num]; raise `UsageError` for classes this model does not have."""
        if labels is None:
            return None
        if not self.conditional:
            raise UsageError("This model draws no wanted classes: leave the label out, or train an ACGAN recipe.")
        if isinstance(labels, int | str | np.integer):
            return np.full(num, self._class_number(labels), np.int64)
        wanted = list(labels)
        if len(wanted) != num:
            raise UsageError(
                f"{num} images were asked for, with {len(wanted)} labels. Give one label, or one for each."
            )
        return np.array([self._class_number(label) for label in wanted], np.int64)

    def _translator(self) -> Translator:
        if isinstance(self.generator, Translator):
            return self.generator
        raise UsageError(
            "This model draws pictures of its own and translates none: leave the sources out, or train a pix2pix or "
            "CycleGAN recipe."
        )

    def _class_number(self, label: int | str | np.integer) -> int:
        if isinstance(label, str):
            if label in self.classes:
                return self.classes.index(label)
            if not label.isdecimal():
                raise UsageError(
                    f"There is no class `{label}`.{did_you_mean(label, self.classes)} This model draws "
                    f"{self._class_names()}."
                )
        number = int(label)
        if not 0 <= number < len(self.classes):
            raise UsageError(
                f"There is no class {number}; this model draws classes 0 to {len(self.classes) - 1}: "
                f"{self._class_names()}."
            )
        return number

    def _class_names(self) -> str:
        shown = ", ".join(self.classes[:20])
        return shown + (" ..." if len(self.classes) > 20 else "")

    @staticmethod
    def check_num(num: int, first: int = 0) -> int:
        """Return a number of images that can be asked for, from image `first` on; raise `UsageError` for any other."""
        if num < 1:
            raise UsageError(f"{num} images were asked for; ask for at least 1.")
        if not 0 <= first < 2**63 - num:
            raise UsageError(f"Images from number {first} on were asked for; the first of a seed is 0.")
        return num


def load(path: str | Path) -> Model:
    """Read the trained generator of a run folder (its best checkpoint) or of a model folder.

    Nothing read can execute code. Raises `ModelError`, `RunError` or `DamagedError` saying what is wrong.
    """
    folder = Path(path)
    with reading(folder):
        is_file = folder.is_file()
    if is_file:
        if is_pickle(folder) or folder.suffix in {".pt", ".pth", ".pkl", ".ckpt"}:
            raise ModelError(pickle_refusal(folder))
        raise ModelError(f"`{folder}` is a file; give the model folder or run folder that it lies in.")
    if (folder / DESCRIPTION).is_file():
        saved = read_model(folder)
        origin = saved.description.origin
        players, classes = (saved.generator, saved.discriminator), saved.description.classes
        return _kept_in(folder, Model(saved.config, *players, classes, origin, saved.scaling))
    if is_run_folder(folder):
        run = RunFolder.open(folder)
        return _kept_in(folder, at_checkpoint(run, run.checkpoint_to_sample()))
    if not folder.exists():
        raise ModelError(f"`{folder}` does not exist. Give a run folder of `ganvas train` or a model folder.")
    raise ModelError(f"`{folder}` is neither a run folder (no config.json) nor a model folder (no {DESCRIPTION}).")


def _kept_in(folder: Path, model: Model) -> Model:
    model.folder = folder
    return model


def at_checkpoint(run: RunFolder, chosen: Path) -> Model:
    """Return the model of one checkpoint of a run, named by its folder."""
    config = run.config
    shape, num_classes = config.image_shape, len(config.classes)
    generator, discriminator = empty_players(config.recipe.model, shape, num_classes)
    for name, player in ((checkpoint.GENERATOR, generator), (checkpoint.DISCRIMINATOR, discriminator)):
        adopt_file(player, chosen / name)
        player.eval().requires_grad_(False)
    state = checkpoint.read_state(chosen)
    origin = {
        "recipe": config.recipe.recipe,
        "step": state["step"],
        "seed": config.recipe.training.seed,
        "dataset": config.content_hash,
        "score": run.score_of(state["step"]) or state.get("score"),
        "generator_sha256": sha256_of_file(chosen / checkpoint.GENERATOR),
        "training": config.recipe.training.plain(),
    }
    return Model(config.recipe.model, generator, discriminator, config.classes, origin, run.scaling)
