"""What every source gives: items in a fixed order, each read only when asked for."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ganvas.data.splitting import Split
from ganvas.images import Pixels
from ganvas.progress import Progress


def readable(name: str) -> str:
    """Return a file name as valid Unicode: bytes that are not UTF-8 become visible escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


class Refusal(NamedTuple):
    """Why an item cannot be used: a short stable name, and the reason in words."""

    kind: str
    reason: str


class Item(NamedTuple):
    """One file, or one image of a file that holds many.

    `read(max_bytes)` returns the file's bytes, or pixels [H, W] or [H, W, C], and raises `RefusedImage`; it is None
    where nothing may be read (a link to elsewhere). `refusal` is what the source knows without decoding.
    """

    name: str
    read: Callable[[int], bytes | Pixels] | None
    label: str | None = None
    split: Split | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Source:
    """One opened source: `total` items, their origin and licence (None: unknown), and channels by default.

    `note` is something the owner of the data should know. `tree` is the folder that is read with all below it.
    """

    name: str
    reader: str
    origin: str
    licence: str | None
    channels: int
    total: int
    items: Callable[[], Iterator[Item]]
    note: str = ""
    tree: Path | None = None


class Request(NamedTuple):
    """What a reader is asked to open: the text as given, its path (None: by name), and where data may lie."""

    name: str
    path: Path | None
    data_dir: Path | None
    progress: Progress


class Reader(NamedTuple):
    """One row of `SOURCES`: how to open it, and whether a path is for it (None: it is opened by its name)."""

    open: Callable[[Request], Source]
    recognises: Callable[[Path], bool] | None = None
