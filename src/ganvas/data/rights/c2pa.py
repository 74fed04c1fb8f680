"""What C2PA manifests say: training and mining assertions, and whether a model made the image (C2PA 1.x, 2.x, CAWG).

No signature is checked: a reservation is honoured whoever made it. The reservations of every manifest of a file count,
not of the active one alone: the manifests of ingredients speak for pictures that are within this one, and who edited
it later cannot give away what others have reserved.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ganvas.data.rights.generators import synthetic_source_type
from ganvas.data.rights.jumbf import Content, contents
from ganvas.data.rights.properties import NAMES, property_statements
from ganvas.data.rights.statement import Statement, plain_words

_MAX_ASSERTION_BYTES = 256 * 2**10
_MAX_DEPTH = 32
_RISKY_TAGS = (4, 5, 30, 35, 36)
"""Decimals, fractions, regular expressions and e-mails: decoding them runs parsers that no manifest needs."""

_TRAINING = re.compile(r"(?:c2pa|cawg)\.training-mining(?:\.v\d+)?(?:__\d+)?")
_ACTIONS = re.compile(r"c2pa\.actions(?:\.v\d+)?(?:__\d+)?")
_METADATA = re.compile(r"(?:stds\.iptc(?:\.photo-metadata)?|c2pa\.metadata|cawg\.metadata)(?:\.v\d+)?(?:__\d+)?")
_SIGN = b".training-mining"


def c2pa_statements(data: bytes) -> Iterator[Statement]:
    """Yield what the manifests in JUMBF boxes say.

    An assertion about training that cannot be read (damaged, or no CBOR reader is installed) counts as a
    reservation.
    """
    boxes = list(contents(data))
    active = next((box.labels[1] for box in reversed(boxes) if len(box.labels) > 1), "")
    num_assertions = 0
    for box in boxes:
        label, is_active = box.labels[-1], box.labels[1:2] == (active,)
        if _TRAINING.fullmatch(label):
            num_assertions += 1
            yield from _training(box, label, "the active manifest" if is_active else "the manifest of an ingredient")
        elif _ACTIONS.fullmatch(label):
            kind = synthetic_source_type(box.data.decode("utf-8", "replace"))
            if kind:
                yield Statement("synthetic", kind, f"C2PA {label}")
        elif _METADATA.fullmatch(label):
            statements = property_statements(_properties(_value(box)), f"C2PA {label}")
            yield from (found for found in statements if is_active or found.about in ("opt_out", "synthetic"))
        elif box.kind == b"brob":
            yield Statement("unreadable", "a compressed manifest", "C2PA")
    if not num_assertions and _SIGN in data:
        words = "C2PA names a training-mining assertion that cannot be read"
        yield Statement("opt_out", words, "C2PA training-mining", "unreadable")


def _training(box: Content, label: str, place: str) -> Iterator[Statement]:
    """Yield a reservation for each use that is not allowed; being used as a model's input alone is not training."""
    where, name = f"C2PA {label} of {place}", label.split(".")[0]
    value = _value(box)
    entries = value.get("entries") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        yield Statement("opt_out", f"{where} cannot be read", where, "unreadable")
        return
    for key, entry in entries.items():
        purpose = plain_words(str(key), 80)
        use = entry.get("use") if isinstance(entry, dict) else entry
        if not _is_training(purpose) or (isinstance(use, str) and use.lower() == "allowed"):
            continue
        constraint = entry.get("constraint_info") if isinstance(entry, dict) else None
        more = f" ({plain_words(constraint)})" if isinstance(constraint, str) else ""
        words = f"{where}: {purpose} = {_word(use)}{more}"
        yield Statement("opt_out", words, where, f"{name}-training-mining")


def _word(use: Any) -> str:  # noqa: ANN401
    return plain_words(use, 80) if isinstance(use, str) else f"a {type(use).__name__}"


def _is_training(purpose: str) -> bool:
    return "train" in purpose or purpose.rpartition(".")[2] == "data_mining"


def _value(box: Content) -> Any:  # noqa: ANN401  (a foreign file holds anything)
    """Return the value of a box, None where it cannot be read."""
    if len(box.data) > _MAX_ASSERTION_BYTES:
        return None
    try:
        if box.kind == b"json":
            return json.loads(box.data)
        import cbor2  # in the extra `data`

        return cbor2.loads(
            box.data,
            max_depth=_MAX_DEPTH,
            str_errors="replace",
            strict_hashable_types=True,  # the hash of nested keys that are shared takes exponential time
            semantic_decoders=dict.fromkeys(_RISKY_TAGS, _plain),
        )
    except Exception:  # decoders fed with foreign bytes raise anything; a missing one is no different
        return None


def _plain(decoder: Any) -> Any:  # noqa: ANN401
    """Return the value of a tag as it is."""
    return decoder.decode()


def _properties(value: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Return the known properties of a JSON-LD object, each as a list of texts."""
    found: dict[str, list[str]] = {}
    for name in NAMES.intersection(value) if isinstance(value, dict) else ():
        item = value[name]
        if isinstance(item, dict):  # texts by language
            item = list(item.values())
        found[name] = [text for text in (item if isinstance(item, list) else [item]) if isinstance(text, str)]
    return found
