"""JUMBF boxes (ISO/IEC 19566-5), which C2PA keeps its manifests in, read under limits."""

from collections.abc import Iterator
from typing import NamedTuple

MAX_DEPTH = 8
"""Of boxes in boxes: C2PA needs four (store, manifest, assertion store, assertion)."""

MAX_BOXES = 20_000

_READ = (b"cbor", b"json", b"brob")


class Content(NamedTuple):
    """One box with content: the labels of the boxes around it, outermost first; its type; its bytes."""

    labels: tuple[str, ...]
    kind: bytes
    data: bytes


def contents(data: bytes) -> Iterator[Content]:
    """Yield the boxes of CBOR, JSON and Brotli in the order of the file; what is damaged or too deep is left out."""
    waiting: list[tuple[int, int, tuple[str, ...]]] = [(0, len(data), ())]
    for _ in range(MAX_BOXES):
        if not waiting:
            return
        start, end, labels = waiting.pop()
        if end - start < 8:
            continue
        kind, first, stop = _header(data, start, end)
        if stop <= start:
            continue
        waiting.append((stop, end, labels))
        if kind == b"jumb" and len(labels) < MAX_DEPTH:
            label, inside = _description(data, first, stop)
            waiting.append((inside, stop, (*labels, label)))
        elif kind in _READ and labels:
            yield Content(labels, kind, data[first:stop])


def _header(data: bytes, start: int, end: int) -> tuple[bytes, int, int]:
    """Return type, first byte of the content, and end of the box at `start`."""
    length, kind, first = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], start + 8
    if length == 1:
        length, first = int.from_bytes(data[start + 8 : start + 16]), start + 16
    elif length == 0:  # up to the end of what it is in
        length = end - start
    return kind, first, min(start + length, end) if length >= first - start else 0


def _description(data: bytes, start: int, end: int) -> tuple[str, int]:
    """Return the label of a superbox, and where the boxes after its description begin."""
    kind, first, stop = _header(data, start, end) if end - start >= 25 else (b"", start, 0)
    if kind != b"jumd" or stop <= start:
        return "", start
    has_label = data[first + 16] & 0b10
    label = data[first + 17 : min(stop, first + 17 + 256)].split(b"\0", 1)[0] if has_label else b""
    return label.decode("utf-8", "replace"), stop
