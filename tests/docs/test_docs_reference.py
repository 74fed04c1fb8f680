"""Every public name says what it is: a docstring, and for functions what they raise."""

import inspect
from functools import cached_property
from typing import Any

import pytest

import ganvas

NAMES = [name for name in ganvas.__all__ if name != "__version__"]
DESCRIBED = property | cached_property | classmethod | staticmethod
SILENT = {"layer", "find_recipe"}
"""Functions that raise in no way worth a sentence of its own, or say it in the first."""


def members(described: Any) -> dict[str, Any]:
    """Return the public functions and properties that a class defines itself, as what holds their docstring."""
    own = {name: member for name, member in vars(described).items() if not name.startswith("_")}
    return {name: member for name, member in own.items() if inspect.isroutine(member) or isinstance(member, DESCRIBED)}


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_a_docstring_and_so_have_its_members(name: str) -> None:
    described = getattr(ganvas, name)
    lacking = [name] if not inspect.getdoc(described) else []
    if inspect.isclass(described):
        lacking += [f"{name}.{member}" for member, held in members(described).items() if not inspect.getdoc(held)]
    assert lacking == []


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(getattr(ganvas, name))])
def test_a_public_function_says_what_it_raises(name: str) -> None:
    words = inspect.getdoc(getattr(ganvas, name)) or ""
    assert name in SILENT or "aises" in words


def test_whatever_takes_or_gives_arrays_says_their_shape() -> None:
    """A function that its types say to be about pixels, tensors or arrays names a shape such as [N, H, W, C]."""
    lacking = []
    for name in NAMES:
        described = getattr(ganvas, name)
        own = members(described) if inspect.isclass(described) else {}
        for place, held in {name: described, **{f"{name}.{member}": held for member, held in own.items()}}.items():
            function = getattr(held, "__func__", getattr(held, "fget", getattr(held, "func", held)))
            if inspect.isfunction(function) and _about_arrays(function) and "[" not in (inspect.getdoc(held) or ""):
                lacking.append(place)
    assert lacking == []


def _about_arrays(function: Any) -> bool:
    types = " ".join(str(value) for value in inspect.get_annotations(function).values())
    return "ndarray" in types or "Tensor" in types
