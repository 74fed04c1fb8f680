"""The settings in which runs differ, from what their folders say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganvas.errors import GanvasError
from ganvas.storage import read_json


def differing(runs: Sequence[Path]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all runs, by dotted name, with the value of each run."""
    found = [flat_values(_recipe(run)) for run in runs]
    names = dict.fromkeys(name for values in found for name in values)
    table = {name: [values.get(name, "-") for values in found] for name in names}
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}


def _recipe(run: Path) -> Any:  # noqa: ANN401
    try:
        config = read_json(run / "config.json")
    except GanvasError:
        return {}
    return {"data": config.get("data", ""), **config.get("recipe", {})} if isinstance(config, dict) else {}


def flat_values(values: Any, prefix: str = "") -> dict[str, Any]:  # noqa: ANN401
    """Return nested values by their dotted names."""
    if not isinstance(values, dict):
        return {prefix: values}
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat_values(value, f"{prefix}.{name}" if prefix else name)
    return found
