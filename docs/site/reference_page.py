"""The reference of the Python interface, from the docstrings and signatures of the public names."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import ganvas
from ganvas.config import Config
from ganvas.errors import GanvasError

SECTIONS = {
    "Data": ["collect", "doctor", "prepare", "trace", "Dataset"],
    "Training": ["plan", "train", "resume", "compare", "RunFolder"],
    "Pictures": ["load", "Model", "generate", "translate", "walk", "explore", "project"],
    "Scores": ["evaluate", "assess", "rank"],
    "Handing on": ["export", "serve"],
    "Recipes and networks of your own": ["find_recipe", "read_recipe", "network", "layer", "Recipe"],
    "The textbook's names": ["build_generator", "build_discriminator", "train_gan", "Gan"],
    "Errors": ["GanvasError"],
}
"""Every public name but `__version__`, in the order in which they are read."""

_EXAMPLE = re.compile(r"^(?:>>> .*\n?|\.\.\. .*\n?)+", re.MULTILINE)


def reference_page() -> str:
    """Return the page; raise where a public name has no section."""
    listed = [name for names in SECTIONS.values() for name in names]
    if set(listed) != set(ganvas.__all__) - {"__version__"}:
        raise SystemExit(
            f"docs/site/reference_page.py lists other names than ganvas.__all__: {set(listed) ^ set(ganvas.__all__)}."
        )
    text = (
        "# Python interface\n\nEvery public name of `import ganvas`. Images are uint8 [N, H, W, C] outside networks,\n"
    )
    text += "float [N, C, H, W] in [-1, 1] inside; a message of an error says what to do next.\n"
    for heading, names in SECTIONS.items():
        text += f"\n## {heading}\n\n" + "\n".join(_described(name) for name in names)
    return text


def _described(name: str) -> str:
    described = getattr(ganvas, name)
    if not inspect.isclass(described):
        return _block("py:function", f"ganvas.{name}{_signature(described)}", _words(described))
    if issubclass(described, GanvasError):
        return _block("py:exception", f"ganvas.{name}", _words(described) + "\n\n" + "\n".join(_kinds(described, "")))
    inside = "\n".join([_words(described), "", *_fields(described), *_members(described)])
    return _block("py:class", f"ganvas.{name}{'' if issubclass(described, Config) else _signature(described)}", inside)


def _members(described: type) -> Iterator[str]:
    """Yield the public members that a class defines itself."""
    for name, member in vars(described).items():
        if name.startswith("_") or name == "model_config":
            continue
        plain = inspect.unwrap(getattr(member, "func", getattr(member, "__func__", getattr(member, "fget", member))))
        if not inspect.isfunction(plain):
            continue
        if isinstance(member, classmethod | staticmethod):
            kind = type(member).__name__
            yield _block("py:method", f"{name}{_signature(plain)}", _words(plain), f":{kind}:", outer=False)
        elif inspect.isfunction(member):
            yield _block("py:method", f"{name}{_signature(plain)}", _words(plain), outer=False)
        else:
            returns = _parsed(plain).returns
            kind = [f":type: {ast.unparse(returns)}"] if returns else []
            yield _block("py:property", name, _words(plain), *kind, outer=False)


def _fields(described: type) -> Iterator[str]:
    """Yield the fields of a configuration."""
    if issubclass(described, Config):
        for name, field in described.model_fields.items():
            yield _block("py:attribute", name, f"{field.description}", outer=False)


def _kinds(error: type[GanvasError], indent: str) -> Iterator[str]:
    """Yield the tree of errors below one, a line of a list each."""
    for kind in error.__subclasses__():
        if kind.__module__ == error.__module__:
            yield f"{indent}- `{kind.__name__}`: {' '.join((inspect.getdoc(kind) or '').split())}"
            yield from _kinds(kind, indent + "  ")


def _signature(described: Any) -> str:  # noqa: ANN401
    """Return a signature with the types as the source writes them."""
    if is_dataclass(described) or (inspect.isclass(described) and "__init__" not in vars(described)):
        return f"({', '.join(inspect.signature(described).parameters)})"
    tree = _parsed(described.__init__ if inspect.isclass(described) else described)
    arguments = tree.args
    for some in (arguments.posonlyargs, arguments.args):
        if some and some[0].arg in ("self", "cls"):
            del some[0]
            break
    returns = f" -> {ast.unparse(tree.returns)}" if tree.returns and not inspect.isclass(described) else ""
    return " ".join(f"({ast.unparse(arguments)}){returns}".split())


def _parsed(function: Any) -> ast.FunctionDef:  # noqa: ANN401
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(found, ast.FunctionDef)
    return found


def _words(described: Any) -> str:  # noqa: ANN401
    """Return a docstring as Markdown, its examples as code."""
    text = inspect.getdoc(described) or ""
    return _EXAMPLE.sub(lambda found: f"```python\n{found[0].rstrip()}\n```\n", text)


def _block(directive: str, head: str, inside: str, *options: str, outer: bool = True) -> str:
    fence = "::::::" if outer else ":::::"
    listed = "".join(f"{option}\n" for option in options)
    return f"{fence}{{{directive}}} {head}\n{listed}\n{inside.rstrip()}\n{fence}\n"
