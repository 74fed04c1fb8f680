"""Docstrings of the whole package, by its syntax: each is there, names shapes, errors, sources. What lacks is listed.

What is looked for is a sign, not its truth: a shape is something in brackets, an error a word for refusing, a source a
year, an address, or whose own it is.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from documents import ROOT

from ganvas import errors
from ganvas.augment import AUGMENTATIONS
from ganvas.layers import LAYERS
from ganvas.metrics import FEATURES, METRICS
from ganvas.models import MODELS
from ganvas.recipes import RECIPES
from ganvas.sheets import docstring_of, sheet_of

PACKAGE = ROOT / "src" / "ganvas"
FACES = {"cli", "studio", "serving"}
ARRAYS = re.compile(r"\b(?:Tensor|NDArray|Pixels|DeepPixels|ndarray)\b")
SHAPE = re.compile(r"\[[^\]]*\]")
REFUSES = re.compile(r"\b[Rr]aises?\b|\b[Rr]efuse|Error\b")
SOURCE = re.compile(r"\b(?:19|20)\d\d\b|https?://|arXiv|the book|our own|your own|\bours\b|\(S\d")
OURS = set(re.findall(r"class (\w+)\(", (PACKAGE / "errors.py").read_text())) | {"unknown_name"}
ELEMENTARY = {"cross_entropy_to", "adversarial_pair"}
"""What needs no paper."""
OF_OUR_OWN = {"classifier", "grey", "colour", "stacked", "pixels8", "pixels"}
"""Feature networks that come from nowhere else."""


class Function(NamedTuple):
    """A public function or method: where it is, its syntax, its docstring, that of its class and of its module."""

    place: str
    tree: ast.FunctionDef
    words: str
    around: str


def public_functions() -> Iterator[Function]:
    """Yield every public function, and every public method of a public class, outside the faces."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] not in FACES:
            module = ast.parse(path.read_text(encoding="utf-8"))
            yield from _of(module, str(place), ast.get_docstring(module) or "")


def _of(parent: ast.Module | ast.ClassDef, place: str, around: str) -> Iterator[Function]:
    for node in parent.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            inside = f"{place}:{node.name}" if isinstance(parent, ast.Module) else f"{place}.{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _of(node, inside, around)
            else:
                yield Function(inside, node, ast.get_docstring(node) or "", around)


FUNCTIONS = list(public_functions())


def test_everything_public_has_a_docstring() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert modules == []
    assert [function.place for function in FUNCTIONS if not function.words] == []


def test_what_takes_or_gives_arrays_names_a_shape() -> None:
    """In its own docstring, or where all functions of a module are alike, in the module's: losses, penalties.

    Arrays by name (`dict[str, Tensor]`, a network's weights) and functions of arrays have no one shape.
    """
    lacking = [
        function.place
        for function in FUNCTIONS
        if ARRAYS.search(_types(function.tree)) and not SHAPE.search(function.words)
    ]
    alike = {"losses/adversarial.py", "training/penalties.py"}
    for place in alike:
        assert "[N]" in (ast.get_docstring(ast.parse((PACKAGE / place).read_text())) or "")
    assert [place for place in lacking if place.partition(":")[0] not in alike] == []


def test_what_raises_an_error_of_ours_says_so() -> None:
    """Where the `raise` stands in the function itself; `output` of layers has its contract in `layers/layer.py`."""
    lacking = [
        function.place for function in FUNCTIONS if _raised(function.tree) & OURS and not REFUSES.search(function.words)
    ]
    assert [place for place in lacking if not re.match(r"layers/.*\.output$", place)] == []
    assert "LayerError" in next(function.words for function in FUNCTIONS if function.place.endswith("Layer.output"))


@pytest.mark.parametrize(
    "table", [METRICS, FEATURES, MODELS, AUGMENTATIONS], ids=["METRICS", "FEATURES", "MODELS", "AUGMENTATIONS"]
)
def test_what_a_row_names_has_a_source(table) -> None:
    lacking = []
    for name in table.keys() - OF_OUR_OWN:
        entry = table[name]
        path = PACKAGE / Path(*entry.path.partition(":")[0].split(".")[1:]).with_suffix(".py")
        module = ast.parse(path.read_text(encoding="utf-8"))
        own = [
            ast.get_docstring(node) or ""
            for node in module.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == entry.path.partition(":")[2]
        ]
        if not any(SOURCE.search(words) for words in [ast.get_docstring(module) or "", *own]):
            lacking.append(name)
    assert lacking == []


def test_every_layer_and_recipe_has_a_source() -> None:
    assert [name for name, entry in LAYERS.items() if not SOURCE.search(sheet_of(entry).fields["Paper"])] == []
    assert [name for name, entry in RECIPES.items() if not re.search(r"Source: \S", docstring_of(entry))] == []


def test_every_loss_and_penalty_has_a_source() -> None:
    places = ("losses/", "training/penalties.py", "augment/consistency.py")
    lacking = [
        function.place
        for function in FUNCTIONS
        if function.place.startswith(places)
        and not SOURCE.search(function.words + function.around)
        and function.tree.name not in ELEMENTARY
    ]
    assert lacking == []


def test_the_errors_looked_for_are_those_of_the_tree() -> None:
    assert {name for name in vars(errors) if name.endswith("Error")} <= OURS | {"GanvasError"}


def _types(function: ast.FunctionDef) -> str:
    """Return the types of a function's arguments and result, without those by name and those of functions."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    types = [argument.annotation for argument in every if argument.annotation]
    types += [function.returns] if function.returns else []
    return " ".join(ast.unparse(kind) for kind in map(_Without().visit, types))


class _Without(ast.NodeTransformer):
    """Takes out what stands in brackets behind `dict`, `Mapping` and `Callable`."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Return the name alone of a mapping or function."""
        if isinstance(node.value, ast.Name) and node.value.id in {"dict", "Mapping", "Callable"}:
            return node.value
        return self.generic_visit(node)


def _raised(function: ast.FunctionDef) -> set[str]:
    """Return the names of what a function raises itself, not in functions inside it."""
    raised: set[str] = set()
    nodes: list[ast.AST] = list(function.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            raised.add(ast.unparse(node.exc.func))
        nodes += ast.iter_child_nodes(node)
    return raised
