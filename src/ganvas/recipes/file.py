"""The text of a recipe file: TOML or YAML as plain values, and where each line of a network stands in it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from ganvas.errors import ConfigurationError, UsageError
from ganvas.extras import install
from ganvas.storage import reading

FILES = (".toml", ".yaml", ".yml")
PLAYERS = ("generator", "discriminator")
_LARGEST_FILE = 1 << 20


def is_recipe_file(name: object) -> bool:
    """Return whether a recipe is named by a path: one of our file types."""
    return isinstance(name, str | Path) and Path(name).suffix.lower() in FILES


def read_file(path: Path) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return a file's values, and the number of each player's lines in it.

    Raises `UsageError` where there is no such file, `ConfigurationError` where it cannot be read.
    """
    if not is_recipe_file(path):
        raise UsageError(f"`{path}` is no recipe file; its name must end in {', '.join(FILES)}.")
    if not path.is_file():
        raise UsageError(f"There is no recipe file `{path}`. The examples are in `examples/networks/`.")
    with reading(path):
        content = path.read_bytes()
    if len(content) > _LARGEST_FILE:
        raise ConfigurationError(f"`{path}` has {len(content):,} bytes; a recipe has at most {_LARGEST_FILE:,}.")
    try:
        text = content.decode("utf-8-sig")
        if path.suffix.lower() != ".toml":
            return _read_yaml(text)
        values = tomllib.loads(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"`{path}`: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"`{path}` cannot be read: {error}. {_advice(path)}") from error
    return values, {player: _numbers_in_toml(text, player) for player in PLAYERS}


def _advice(path: Path) -> str:
    if path.suffix.lower() == ".toml":
        return 'TOML writes text in quotes, true and false small, and a line of a network as `layer = "linear"`.'
    return "YAML needs a space after every colon, and the same indent within a list."


def _numbers_in_toml(text: str, name: str) -> list[int]:
    """Return the number of the line that begins each entry of the array of tables `name`.

    Both forms are known: `[[name]]` once for each entry, and `name = [ {...}, ... ]`, an entry a line.
    """
    header = re.compile(rf"\s*\[\[\s*(network\.)?{name}\s*\]\]")
    opening = re.compile(rf"\s*(network\.)?{name}\s*=\s*\[")
    headers, inline, inside = [], [], False
    for number, line in enumerate(text.splitlines(), 1):
        if header.match(line):
            headers.append(number)
        elif match := opening.match(line):
            inside, line = True, line[match.end() :]
        if inside:
            bare = re.sub(r'"[^"]*"|\'[^\']*\'', "", line).split("#")[0]
            inline += [number] * bare.count("{")
            inside = not bare.strip().endswith("]") or bare.count("[") >= bare.count("]")
    return headers or inline


def _read_yaml(text: str) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return a YAML text's values, and the number of the line that begins each entry of the players' lists.

    Only plain values are read: YAML's safe form. Raises `ConfigurationError` for what is not YAML.
    """
    try:
        import yaml
    except ImportError as error:
        raise ConfigurationError(
            f"YAML needs one more package; or write the file as TOML. {install('yaml')}"
        ) from error
    try:
        tree = yaml.compose(text, yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"this is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise ConfigurationError("it holds no sections. Begin with `generator:` and a list of lines.")
    return values, {name: _starts(tree, name) for name in PLAYERS}


def _starts(tree: Any, name: str) -> list[int]:  # noqa: ANN401
    """Return the first line of each item of the list `name`, also where it stands inside `network`."""
    for key, node in tree.value:
        if key.value == name and isinstance(node.value, list):
            return [item.start_mark.line + 1 for item in node.value]
        if key.value == "network" and isinstance(node.value, list) and (inside := _starts(node, name)):
            return inside
    return []
