"""A recipe of your own: a network as lists of lines, from a TOML or YAML file or from Python.

[network]                       # latent_size, latent_distribution
[training]                      # settings by the names of config.json; `extends` names the recipe they start from
[[generator]]                   # a line: layer = "linear", units = 128, and perhaps `name` and `source`
[[discriminator]]

Or a recipe of the table with other settings: `recipe = "compact"`, then `[model]` and `[training]` with what differs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganvas.config import Config
from ganvas.errors import ConfigurationError, UsageError, unknown_name
from ganvas.layers.layer import Layer
from ganvas.models import stack
from ganvas.models.lines import NetworkError
from ganvas.players import LatentDistribution
from ganvas.recipes.file import PLAYERS, is_recipe_file, read_file
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.training.settings import TrainingConfig

SECTIONS = ("extends", "network", "training", *PLAYERS)
CHANGING = ("recipe", "model", "training")
"""The sections of a file that changes settings of a recipe of the table."""


def recipe_of(name: str | Path) -> Recipe:
    """Return the recipe of a file, or the one of that name; raise `UsageError` where there is neither."""
    return read_recipe(name) if is_recipe_file(name) else find_recipe(str(name))


def variant_of(text: str | Path) -> tuple[str, Recipe]:
    """Return a name, and the recipe called so or with settings of its own: `biggan:model.width=16,training.seed=1`.

    A file's name is that without folder and ending. Raises `UsageError` for what is no recipe or no setting.
    """
    name, separator, settings = ("", "", "") if is_recipe_file(text) else str(text).partition(":")
    if not separator:
        return Path(text).stem, recipe_of(text)
    recipe = recipe_of(name).override(**settings_of(re.split(r",(?=[\w.]+=)", settings)))
    return f"{Path(name).stem}:{settings}", recipe


def settings_of(pairs: Iterable[str]) -> dict[str, Any]:
    """Return settings from `name=value`, values as JSON or, where they are none, as words.

    Raises `UsageError` for a text without a name or a sign of equality.
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise UsageError(f"`{pair}` is no setting. Write name=value, such as training.seed=1.")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


def read_recipe(path: str | Path) -> Recipe:
    """Return the recipe that a TOML or YAML file holds.

    Raises `NetworkError` naming the file's line for a layer that cannot be, `ConfigurationError` for other settings.
    """
    with naming_lines(path):
        values, _ = read_file(Path(path))
        return _changed(values, Path(path).name) if "recipe" in values else _recipe_of(values, Path(path).name)


def network(
    generator: Sequence[Layer | dict[str, Any]],
    discriminator: Sequence[Layer | dict[str, Any]],
    latent_size: int = 100,
    latent_distribution: LatentDistribution = "normal",
    extends: str = "",
    **training: Any,  # noqa: ANN401
) -> Recipe:
    """Return a recipe of two lists of lines: layers' configurations, or plain settings like those of a file.

    >>> network([layer("linear", units=64), ...], [..., layer("linear", units=1)], batch_size=32)

    `extends` names the recipe whose training settings to start from; `training` replaces some of them, by dotted names.
    Raises `NetworkError` for a line that cannot be, `ConfigurationError` for other settings.
    """
    model = stack.Config(
        latent_size=latent_size,
        latent_distribution=latent_distribution,
        generator_lines=tuple(map(_plain, generator)),
        discriminator_lines=tuple(map(_plain, discriminator)),
    )
    recipe = Recipe(recipe=extends or model.family, model=model, training=_training(extends))
    return recipe.override(**{f"training.{name}": value for name, value in training.items()})


def layer(name: str, /, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a line of a network: a layer and its settings, among them `name` and `source`; sizes may be words."""
    return {"layer": name, **settings}


@contextmanager
def naming_lines(recipe: object) -> Iterator[None]:
    """Give errors about a network's lines their place in the file, where `recipe` is one.

    Raises the same `NetworkError` with that place.
    """
    try:
        yield
    except NetworkError as error:
        if error.place or not is_recipe_file(recipe):
            raise
        path = Path(str(recipe))
        numbers = read_file(path)[1].get(error.player, [])
        at = f", line {numbers[error.number - 1]}" if error.number <= len(numbers) else ""
        raise NetworkError(error.player, error.number, error.layer, error.finding, f"`{path}`{at}: ") from error


def _plain(line: Layer | dict[str, Any]) -> dict[str, Any]:
    if isinstance(line, Layer):
        return {"layer": line.layer, **line.model_dump(mode="json", exclude_defaults=True)}
    return dict(line)


def _training(extends: str) -> TrainingConfig:
    return find_recipe(extends).training if extends else TrainingConfig()


def _recipe_of(values: dict[str, Any], name: str) -> Recipe:
    origin = f"`{name}`"
    values = _lifted(values, origin)
    lists = {f"{player}_lines": values[player] for player in PLAYERS if player in values}
    if len(lists) < len(PLAYERS):
        missing = next(player for player in PLAYERS if player not in values)
        raise ConfigurationError(
            f'{origin} has no lines of the {missing}. Write `[[{missing}]]`, then `layer = "linear"` and its settings, '
            'once for each layer; or `recipe = "compact"`, if the settings are to change that recipe.'
        )
    model = stack.Config.read({**_table(values, "network", origin), **lists}, f"The network of {origin}")
    extends = values.get("extends", "")
    if not isinstance(extends, str):
        raise ConfigurationError(f"`extends` of {origin} is {extends!r}; give the name of a recipe, in quotes.")
    training = _merged(_training(extends), _table(values, "training", origin), "training", origin)
    return Recipe(recipe=name, model=model, training=TrainingConfig.read(training, f"`training` of {origin}"))


def _changed(values: dict[str, Any], name: str) -> Recipe:
    """Return a recipe of the table with the settings of a file in place of its own."""
    origin = f"`{name}`"
    for section in values:
        if section not in CHANGING:
            raise ConfigurationError(f"{origin}: {unknown_name('section', str(section), CHANGING)}")
    if not isinstance(values["recipe"], str):
        raise ConfigurationError(f"`recipe` of {origin} is {values['recipe']!r}; give the name of one, in quotes.")
    base = find_recipe(values["recipe"])
    model = _merged(base.model, _table(values, "model", origin), "model", origin)
    training = _merged(base.training, _table(values, "training", origin), "training", origin)
    return Recipe.read({"recipe": base.recipe, "model": model, "training": training}, origin)


def _lifted(values: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return the sections with the lists of lines that stand inside `network` beside it, unknown names refused."""
    network = dict(_table(values, "network", origin))
    inside = {player: network.pop(player) for player in PLAYERS if player in network}
    values = {**values, "network": network, **inside}
    for section in values:
        if section not in SECTIONS:
            raise ConfigurationError(f"{origin}: {unknown_name('section', str(section), (*SECTIONS, 'recipe'))}")
    for player in PLAYERS:
        lines = values.get(player, [])
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise ConfigurationError(f"{origin}: `{player}` is no list of lines. Begin each with `[[{player}]]`.")
    return values


def _table(values: dict[str, Any], section: str, origin: str) -> dict[str, Any]:
    table = values.get(section, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"`{section}` of {origin} is {table!r}; begin its settings with `[{section}]`.")
    return table


def _merged(base: Config, values: dict[str, Any], place: str, origin: str) -> dict[str, Any]:
    """Return the plain settings of `base` with those of `values` put in, level by level."""
    merged = base.plain()
    for name, value in values.items():
        if name not in merged:
            wrong = unknown_name("setting", f"{place}.{name}", [f"{place}.{known}" for known in merged])
            raise ConfigurationError(f"{origin}: {wrong}")
        inner = getattr(base, name)
        nested = isinstance(inner, Config) and isinstance(value, dict)
        merged[name] = _merged(inner, value, f"{place}.{name}", origin) if nested else value
    return merged
