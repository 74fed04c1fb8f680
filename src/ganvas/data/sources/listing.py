"""Listings: the files in a tree of images that say what the others are.

`metadata.csv`, `.jsonl` and `.parquet` as the Hugging Face `imagefolder` reads them (the column `file_name` is
relative to the listing), with the columns of `Facts`; and StyleGAN's `dataset.json`
({"labels": [["00000/img00000000.png", 6], ...]}, or null). The deepest listing that names a file wins.
"""

import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from ganvas.data.sources.records import RECORDS, Record, facts_of, label_of, plain_text, value_of
from ganvas.data.sources.source import Facts, Refusal, readable
from ganvas.data.splitting import Split
from ganvas.errors import DataError

MAX_LISTING_BYTES = 256 * 2**20
"""Of all listings of a tree together."""
MAX_ABSENT = 100_000
MAX_NAME = 4096
_TRAIN = frozenset({"train", "training"})
_HELD_OUT = frozenset({"test", "testing", "val", "valid", "validation", "dev", "eval"})
_FILE_COLUMNS = ("file_name", "filename")


class Listed(NamedTuple):
    """What a listing says of one file."""

    label: str | None
    split: Split | None
    facts: Facts


class Unlisted(NamedTuple):
    """A file that is listed and cannot be had: its name as listed, and why."""

    name: str
    refusal: Refusal


class ListingFile(NamedTuple):
    """One listing: its path below the root, and its bytes or why they could not be read."""

    inside: str
    content: bytes | Refusal


@dataclass
class Listing:
    """All that the listings of a tree say, by path below its root (composed Unicode)."""

    entries: dict[str, Listed] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Files that are listed and not in the tree, at most `MAX_ABSENT`."""
    outside: list[Unlisted] = field(default_factory=list)
    num_untold: int = 0
    """Of the listed files that cannot be had, those above that number."""
    labels: set[str] = field(default_factory=set)
    folders_are_classes: bool = True
    """Not where StyleGAN's `dataset.json` is: its sub-folders only keep folders small."""
    notes: list[str] = field(default_factory=list)

    def find(self, inside: str) -> Listed | None:
        """Return what is said of a file."""
        return self.entries.get(unicodedata.normalize("NFC", inside)) if self.entries else None


def split_named(name: object) -> Split | None:
    """Return the split that a word means: validation sets are held out as tests are."""
    word = str(name).strip().lower()
    return "train" if word in _TRAIN else "test" if word in _HELD_OUT else None


def is_listing(inside: str) -> bool:
    """Tell whether a path is that of a listing."""
    return inside.rsplit("/", 1)[-1] in RECORDS and not any(part.startswith(".") for part in inside.split("/"))


def read_listings(files: Iterable[ListingFile], names: AbstractSet[str]) -> Listing:
    """Return what all listings of a tree say of its files `names` (composed); one that cannot be read is in `notes`.

    Memory is bounded by the tree, not by what a listing claims.
    """
    listing, left = Listing(), MAX_LISTING_BYTES
    for inside, content in sorted(files, key=lambda file: (file.inside.count("/"), file.inside)):
        if isinstance(content, bytes) and len(content) > left:
            content = Refusal("too-large", f"Listings above {MAX_LISTING_BYTES >> 20} MiB are not read.")
        if isinstance(content, Refusal):
            listing.notes.append(f"The listing `{readable(inside)}` is not used: {content.reason}")
            continue
        left -= len(content)
        try:
            _read(listing, inside, content, names)
        except DataError as error:
            listing.notes.append(f"The listing `{readable(inside)}` is not used: {error}")
    return listing


def _read(listing: Listing, inside: str, content: bytes, names: AbstractSet[str]) -> None:
    folder, _, name = inside.rpartition("/")
    records = RECORDS[name](content)
    if name == "dataset.json":
        listing.folders_are_classes = False
    num_bad = 0
    for record in records:
        file_name = value_of(record, _FILE_COLUMNS) if record else None
        if record is None or file_name is None:
            num_bad += 1
        else:
            _add(listing, folder, plain_text(file_name), record, names)
    if num_bad:
        listing.notes.append(f"The listing `{readable(inside)}` has {num_bad} rows that name no file.")


def _add(listing: Listing, folder: str, file_name: str, record: Record, names: AbstractSet[str]) -> None:
    prefix = f"{folder}/" if folder else ""
    below = _below(file_name)
    path = unicodedata.normalize("NFC", prefix + (below or ""))
    if below and path in names:
        label = label_of(value_of(record, ("label", "class")))
        listing.entries[path] = Listed(label, split_named(record.get("split")), facts_of(record))
        listing.labels.update([label] if label else [])
    elif len(listing.absent) + len(listing.outside) >= MAX_ABSENT:
        listing.num_untold += 1
    elif below:
        listing.absent.add(path)
    else:
        refusal = Refusal("outside", "It is listed with a path that leaves the folder.")
        listing.outside.append(Unlisted((readable(prefix) + file_name)[:MAX_NAME], refusal))


def _below(file_name: str) -> str | None:
    """Return a listed name as a path below its listing; None where it leaves that folder."""
    parts = file_name.replace("\\", "/").split("/")
    if not parts[0] or parts[0][1:2] == ":" or ".." in parts or "\0" in file_name or len(file_name) > MAX_NAME:
        return None
    return "/".join(part for part in parts if part not in ("", ".")) or None
