"""Train a network of your own, written line by line in a file, and hand it on.

python examples/own_network.py examples/networks/attentive_gan.toml --out own-network-example
"""

from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional, arg

import ganvas
from ganvas.workflows.network import diagram, summarise


def main(
    file: Positional[Annotated[Path, arg(help="a TOML or YAML file with the lines of both players")]],
    out: Annotated[Path, arg(help="folder to make, for everything that comes of it")],
    size: Annotated[int, arg(help="height and width to train at, in pixels")] = 16,
    steps: Annotated[int, arg(help="rounds of the game")] = 1_500,
) -> None:
    """Read the network, look at it, train it on handwritten digits, export it as a model folder."""
    recipe = ganvas.read_recipe(file)
    data = ganvas.prepare("digits", out=out / "data", size=size)

    # What every line gives and holds, before a minute is spent on training; a line that cannot be is named here.
    summaries = summarise(recipe.model, data.shape, data.num_classes)
    for player in summaries:
        print(f"{player.title}: {player.num_parameters:,} numbers, {player.multiply_adds:,} multiply-adds an image")
    (out / "network.svg").write_text(diagram(summaries, file.stem), encoding="utf-8")

    run = ganvas.train(recipe, data=data, out=out / "run", steps=steps)
    model = ganvas.export(run.folder, out=out / "model")

    # The model folder carries the lines: whoever gets it needs neither the file nor code of yours.
    gan = ganvas.load(model)
    print("drawn:", gan.generate(4, seed=0).shape, " Model:", model, " Network:", out / "network.svg")


if __name__ == "__main__":
    tyro.cli(main)
