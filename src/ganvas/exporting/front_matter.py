"""The YAML at the head of a README, which hubs of models and datasets read."""

import json
import re
from collections.abc import Mapping
from typing import Any

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def yaml_lines(values: Mapping[str, Any]) -> str:
    """Return values by name as YAML, a line each: JSON, which YAML contains, but for characters it wants escaped."""
    return "".join(f"{name}: {_yaml(value)}\n" for name, value in values.items())


def _yaml(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
