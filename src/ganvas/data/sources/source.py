"""What every source gives: items in a fixed order, each read only when asked for."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ganvas.data.splitting import Split
from ganvas.images import Pixels
from ganvas.progress import Progress

MAX_FILE_BYTES = 64 * 2**20


def readable(name: str) -> str:
    """Return a file name as valid Unicode: bytes that are not UTF-8 become visible escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


class Refusal(NamedTuple):
    """Why an item cannot be used: a short stable name, and the reason in words."""

    kind: str
    reason: str


class Facts(NamedTuple):
    """What a source knows about one item's origin and rights; None where it says nothing."""

    licence: str | None = None
    """SPDX name where there is one, else the words or address of the licence."""
    creator: str | None = None
    title: str | None = None
    url: str | None = None
    """Where the image was found."""
    evidence: str | None = None
    """What the licence was read from, such as the address of a page."""
    is_synthetic: bool = False
    """Made by a model."""
    opt_out: str | None = None
    """A reservation of rights against training, met when the item was collected, in words."""


class Item(NamedTuple):
    """One file, or one image of a file that holds many.

    `content` is what a worker process makes an image of: a path it reads itself, a file's bytes, or pixels
    [H, W] or [H, W, C] (uint8; C = 1, 3 or 4); None where nothing may be read (a link to elsewhere) or reading it
    failed. `refusal` is what the source knows without decoding.
    """

    name: str
    content: Path | bytes | Pixels | None
    label: str | None = None
    split: Split | None = None
    refusal: Refusal | None = None
    facts: Facts = Facts()


@dataclass(frozen=True)
class Source:
    """One opened source: `total` items, their origin and licence (None: unknown), and channels by default.

    `items()` gives the same items in the same order each time it is called. `note` is something the owner of the
    data should know. `tree` is the folder that is read with all below it. `fingerprint` changes when what the source
    reads from does: it decides whether an interrupted preparation may go on.
    """

    name: str
    reader: str
    origin: str
    licence: str | None
    channels: int
    total: int
    items: Callable[[], Iterator[Item]]
    fingerprint: str
    note: str = ""
    tree: Path | None = None


class Request(NamedTuple):
    """What a reader is asked to open: the text as given, its path (None: by name), and where data may lie.

    Sources that read the content of an item themselves refuse what is above `max_file_bytes` as `too-large`.
    """

    name: str
    path: Path | None
    data_dir: Path | None
    progress: Progress
    max_file_bytes: int = MAX_FILE_BYTES


class Reader(NamedTuple):
    """One row of `SOURCES`: how to open it, and whether a path is for it (None: it is opened by its name)."""

    open: Callable[[Request], Source]
    recognises: Callable[[Path], bool] | None = None


def fingerprint(paths: list[Path]) -> str:
    """Return a text that changes when one of the files does: names, sizes and times of change."""
    parts = ((path, path.stat()) for path in paths)
    return ";".join(f"{path.name}:{status.st_size}:{status.st_mtime_ns}" for path, status in parts)
