"""Ganvas: from a folder of images to a trained, measured, shareable image generator.

import ganvas

data = ganvas.prepare("digits", out="data/digits", size=16)
run = ganvas.train("compact", data=data, out="runs/digits", steps=600)
gan = ganvas.load("runs/digits")
images = gan.generate(16, labels=3, seed=0)  # uint8 [16, H, W, C]
scores = ganvas.evaluate(gan, data)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.data.store import Dataset
    from ganvas.errors import GanvasError
    from ganvas.players import Gan
    from ganvas.recipes.own import layer, network, read_recipe
    from ganvas.recipes.recipe import Recipe, find_recipe
    from ganvas.serving.server import serve
    from ganvas.workflows.assessment import assess
    from ganvas.workflows.book import build_discriminator, build_generator, train_gan
    from ganvas.workflows.collect import collect
    from ganvas.workflows.compare import compare
    from ganvas.workflows.doctor import doctor
    from ganvas.workflows.evaluate import evaluate
    from ganvas.workflows.explore import explore
    from ganvas.workflows.export import export
    from ganvas.workflows.generate import generate
    from ganvas.workflows.model import Model, load
    from ganvas.workflows.plan import plan
    from ganvas.workflows.prepare import prepare
    from ganvas.workflows.project import project
    from ganvas.workflows.ranking import rank
    from ganvas.workflows.run_folder import RunFolder
    from ganvas.workflows.trace import trace
    from ganvas.workflows.train import resume, train
    from ganvas.workflows.translate import translate
    from ganvas.workflows.walk import walk

__version__ = "0.1.0"

_HOMES = {
    "Dataset": "ganvas.data.store",
    "Gan": "ganvas.players",
    "GanvasError": "ganvas.errors",
    "Model": "ganvas.workflows.model",
    "Recipe": "ganvas.recipes.recipe",
    "RunFolder": "ganvas.workflows.run_folder",
    "assess": "ganvas.workflows.assessment",
    "build_discriminator": "ganvas.workflows.book",
    "build_generator": "ganvas.workflows.book",
    "compare": "ganvas.workflows.compare",
    "collect": "ganvas.workflows.collect",
    "doctor": "ganvas.workflows.doctor",
    "evaluate": "ganvas.workflows.evaluate",
    "explore": "ganvas.workflows.explore",
    "export": "ganvas.workflows.export",
    "find_recipe": "ganvas.recipes.recipe",
    "generate": "ganvas.workflows.generate",
    "layer": "ganvas.recipes.own",
    "load": "ganvas.workflows.model",
    "network": "ganvas.recipes.own",
    "plan": "ganvas.workflows.plan",
    "prepare": "ganvas.workflows.prepare",
    "project": "ganvas.workflows.project",
    "rank": "ganvas.workflows.ranking",
    "read_recipe": "ganvas.recipes.own",
    "resume": "ganvas.workflows.train",
    "serve": "ganvas.serving.server",
    "trace": "ganvas.workflows.trace",
    "train": "ganvas.workflows.train",
    "train_gan": "ganvas.workflows.book",
    "translate": "ganvas.workflows.translate",
    "walk": "ganvas.workflows.walk",
}

__all__ = [  # noqa: RUF022  (the order of the road)
    "collect",
    "doctor",
    "prepare",
    "trace",
    "plan",
    "train",
    "resume",
    "load",
    "generate",
    "translate",
    "walk",
    "explore",
    "project",
    "evaluate",
    "assess",
    "rank",
    "compare",
    "export",
    "serve",
    "find_recipe",
    "read_recipe",
    "network",
    "layer",
    "build_generator",
    "build_discriminator",
    "train_gan",
    "Dataset",
    "Gan",
    "GanvasError",
    "Model",
    "Recipe",
    "RunFolder",
    "__version__",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name at its first use: `import ganvas` itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module `ganvas` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
