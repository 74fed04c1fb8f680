"""Check our ACGAN of the book against Keras: the same weights, images and draws must give the same numbers.

`python -m benchmarks.keras_check --keras-python /path/to/python` (an interpreter that has tensorflow). Dropout is off,
as two libraries cannot draw the same mask, and all is float64, so that a value next to the kink of an activation falls
on the same side in both. All else of the book's training step is compared.
"""

import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.keras_order import Arrays, channels_last, in_keras_order
from benchmarks.outcome import Occasion, Outcome, Row
from benchmarks.pictures import digits
from ganvas.data.feed import Feed
from ganvas.images import ImageShape
from ganvas.layers.convolution import SameConv2d
from ganvas.layers.dropout import Dropout
from ganvas.layers.transposed_convolution import SameConvTranspose2d
from ganvas.models.family import build_gan
from ganvas.players import Gan, from_pixels
from ganvas.recipes.recipe import find_recipe
from ganvas.seeds import Stream
from ganvas.training.engine import Game, cpu_threads
from ganvas.training.round import Round

CASES = list(product((5, 6, 7, 14, 28), (1, 2, 3, 4, 5), (1, 2, 3)))  # size, kernel, stride
TOLERANCE = 1e-10
DRAWS = ("images", "labels", "latents", "wanted", "generator_latents", "generator_wanted")


def main(keras_python: Path, rounds: int = 3, threads: int = 1) -> None:
    """Compare with Keras and print the largest differences."""
    with cpu_threads(threads):
        groups = compared(keras_python, rounds)
    table = Table("what", "arrays", "largest value", "largest difference", "of another shape")
    for group in groups:
        wrong = str(group.wrong_shapes or "none")
        table.add_row(group.name, str(group.num), f"{group.largest:.4g}", f"{group.difference:.2g}", wrong)
    Console().print(table)
    if not all(group.agrees for group in groups):
        sys.exit(f"Some differ by more than {TOLERANCE} of the largest value, or in shape.")


def benchmark(occasion: Occasion) -> Outcome:
    """Compare three rounds with Keras'; an error where they differ."""
    assert occasion.keras_python is not None
    with cpu_threads(1):
        groups = compared(occasion.keras_python, occasion.either(1, 3))
    if wrong := [group.name for group in groups if not group.agrees]:
        raise RuntimeError(f"These differ by more than {TOLERANCE} of the largest value, or in shape: {wrong}.")
    most = max(group.difference / group.largest for group in groups)
    note = f"the same to {most:.0e} of the largest value, in {sum(group.num for group in groups)} arrays"
    row = Row("rounds of `acgan_mnist` in float64", peer="Keras", note=note)
    return Outcome([row], {"groups": [group._asdict() for group in groups]})


def compared(keras_python: Path, rounds: int) -> list["Group"]:
    """Play rounds here and in Keras, from the same weights, images and draws; return how far they differ."""
    recipe = find_recipe("acgan_mnist")
    gan = build_gan(recipe.model, ImageShape(1, 28, 28), 10, seed=0)
    for layer in gan.discriminator.modules():
        if isinstance(layer, Dropout):
            layer.rate = 0.0
        if isinstance(layer, nn.LeakyReLU):
            layer.negative_slope = float(np.float32(layer.negative_slope))  # as TensorFlow keeps it
    _disturb(gan.double())
    game, feed = Game(gan, recipe.training), Feed.from_arrays(*digits(rounds * 100), 100, shuffle=False)
    given = {"rounds": np.array(rounds), **_alignment_inputs(), **_weights(gan)}
    ours = {**_alignment(given), **_outputs(gan, given := given | _draws(gan, feed, rounds))}
    player = Round(game, recipe.training, feed)
    for step in range(rounds):
        measures = player.play(step)
        ours |= {f"{step}/{who}/loss": measures[f"{who}/loss"].detach().double().numpy() for who in "dg"}
        ours |= {f"{step}/gradient/{name}": value for name, value in _gradients(gan).items()}
    ours |= {f"after/{name}": value for name, value in _weights(gan).items()}
    return _groups(ours, _ask_keras(keras_python, given))


def _disturb(gan: Gan) -> None:
    """Move biases, batch normalisation and its statistics off 0 and 1, so that a mix-up shows."""
    with torch.no_grad():
        for number, (name, tensor) in enumerate(gan.state_dict().items()):
            if tensor.dim() == 1 and tensor.is_floating_point():
                noise = Stream(7, "disturb", number).uniform(1, tensor.numel())[0]
                tensor.add_(torch.from_numpy(0.2 * noise - (0.0 if "running_var" in name else 0.1)))


def _alignment_inputs() -> Arrays:
    def noise(name: str, *shape: int) -> NDArray[np.float64]:
        values = Stream(7, name).normal(1, int(np.prod(shape)))
        return values.reshape(shape)

    return {
        "alignment/cases": np.array(CASES),
        "alignment/images": noise("images", 2, 28, 28, 3),
        "alignment/transposed": noise("transposed", 2, 28, 28, 4),
        "alignment/kernel": noise("kernel", 5, 5, 3, 4),
    }


def _alignment(given: Arrays) -> Arrays:
    """Return our "same" layers of every size, kernel and stride."""
    ours: Arrays = {}
    for size, width, stride in CASES:
        ours[f"conv/{size}/{width}/{stride}"] = _through(SameConv2d(3, 4, width, stride), given, "images", size)
        if width >= stride:  # our layer is refused where the windows leave gaps
            transposed = SameConvTranspose2d(4, 3, width, stride)
            ours[f"transposed/{size}/{width}/{stride}"] = _through(transposed, given, "transposed", size)
    return ours


def _through(layer: SameConv2d | SameConvTranspose2d, given: Arrays, images: str, size: int) -> NDArray[np.float64]:
    """Return what a layer with the given kernel, and no bias, makes of the given images cut to a size."""
    assert layer.bias is not None
    width = layer.kernel_size[0]
    layer.weight.data = torch.from_numpy(given["alignment/kernel"]).permute(3, 2, 0, 1)[:, :, :width, :width]
    layer.bias.data = torch.zeros_like(layer.bias, dtype=torch.float64)
    return channels_last(layer(torch.from_numpy(given[f"alignment/{images}"]).permute(0, 3, 1, 2)[:, :, :size, :size]))


def _draws(gan: Gan, feed: Feed, rounds: int) -> Arrays:
    """Return what our rounds will draw."""
    given: Arrays = {}
    for step in range(rounds):
        batch = feed.batch(step)
        assert batch.labels is not None
        values = [channels_last(from_pixels(batch.pixels)), batch.labels.numpy()]
        for purpose, num in (("discriminator/0", 100), ("generator", 200)):
            stream = Stream(0, purpose, step)
            labels = gan.generator.draw_labels(stream.child("labels"), num)
            assert labels is not None
            values += [gan.generator.draw_latents(stream.child("latents"), num).numpy(), labels.numpy()]
        given |= {f"{step}/{name}": value for name, value in zip(DRAWS, values, strict=True)}
    return given


@torch.no_grad()
def _outputs(gan: Gan, given: Arrays) -> Arrays:
    gan.eval()
    latents, labels = torch.from_numpy(given["0/latents"]), torch.from_numpy(given["0/wanted"])
    verdict = gan.discriminator(torch.from_numpy(given["0/images"]).double().permute(0, 3, 1, 2))
    images = gan.generator(latents, labels)
    gan.train()
    return {
        "images": channels_last(images),
        "realness": verdict.scores.numpy(),
        "classes": verdict.class_logits.numpy(),
    }


def _weights(gan: Gan) -> Arrays:
    return in_keras_order({name: value for name, value in gan.state_dict().items() if value.is_floating_point()})


def _gradients(gan: Gan) -> Arrays:
    return in_keras_order({name: weight.grad for name, weight in gan.named_parameters() if weight.grad is not None})


def _ask_keras(python: Path, given: Arrays) -> Arrays:
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = Path(folder, "questions.npz"), Path(folder, "answers.npz")
        np.savez(questions, allow_pickle=False, **given)
        script = Path(__file__).with_name("keras_answers.py")
        subprocess.run([python, script, questions, answers], check=True)
        with np.load(answers, allow_pickle=False) as arrays:
            return dict(arrays)


class Group(NamedTuple):
    """Arrays of one kind: their largest value and difference, and how many have another shape in Keras."""

    name: str
    num: int
    largest: float
    difference: float
    wrong_shapes: int

    @property
    def agrees(self) -> bool:
        """Whether all is equal but for rounding."""
        return self.difference <= TOLERANCE * self.largest and not self.wrong_shapes


def _groups(ours: Arrays, theirs: Arrays) -> list[Group]:
    names: dict[str, list[str]] = {}
    for name in ours:
        names.setdefault(_group(name), []).append(name)
    return [_difference(group, members, ours, theirs) for group, members in names.items()]


def _difference(group: str, names: list[str], ours: Arrays, theirs: Arrays) -> Group:
    right = [name for name in names if ours[name].shape == theirs[name].shape]
    largest = max(float(np.abs(theirs[name]).max()) for name in right)
    difference = max(float(np.abs(ours[name] - theirs[name]).max()) for name in right)
    return Group(group, len(names), largest, difference, len(names) - len(right))


def _group(name: str) -> str:
    """Return the row of the report that an array belongs to."""
    first, *rest = name.split("/")
    return name if not rest else first if first in ("conv", "transposed") else "/".join([first, *rest[:2]])


if __name__ == "__main__":
    tyro.cli(main)
