"""Parquet files in the layout of the Hugging Face Hub: one file, or a folder of `data/train-00000-of-00002.parquet` ...

The image is a struct of `bytes` and `path` or plain binary; the label a whole number whose name is in the schema's
metadata (key `huggingface`, feature `ClassLabel`), or words. Columns of `Facts` (licence, creator, url ...) are read.
See https://huggingface.co/docs/hub/datasets-image. The words of a file's name or folder are its split.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.data.sources.listing import split_named
from ganvas.data.sources.parquet_schema import Columns, columns_of, opened
from ganvas.data.sources.records import facts_of, label_of, lower_keys
from ganvas.data.sources.source import MAX_FILE_BYTES, Item, Reader, Refusal, Request, Source, fingerprint, readable
from ganvas.data.sources.usual_channels import usual_channels
from ganvas.data.splitting import Split
from ganvas.errors import DataError, UsageError

MAX_GROUP_BYTES = 4 * 2**30
"""Of a row group, unpacked: one is the most that may have to be in memory at once."""
_MAGIC = b"PAR1"
_LISTING = "metadata.parquet"
_BATCH_ROWS = 16


class Shard(NamedTuple):
    """One file: its name in the items' names, its columns, rows of each row group, and the split it declares."""

    path: Path
    name: str
    columns: Columns
    group_rows: tuple[int, ...]
    split: Split | None


def is_parquet(path: Path) -> bool:
    """Tell whether `path` is a Parquet file with a column of images, or a folder of such files."""
    paths = _paths(path)
    if not paths or not _starts_as_parquet(paths[0]):
        return False
    try:
        columns_of(paths[0])
    except UsageError:  # pyarrow is not installed, which opening says
        return True
    except DataError:
        return False
    return True


def open_parquet(request: Request) -> Source:
    """Open a file, or the files of a folder in the order of their names; a row is an item.

    Raises `UsageError` where no file is given, `DataError` where there is none in the folder.
    """
    path = request.path
    if path is None:
        raise UsageError("`parquet` reads files: give the path of a Parquet file or of a folder of them.")
    shards = _shards(path)
    if not shards:
        raise DataError(f"`{path}` holds no Parquet file.")
    root = (path if path.is_dir() else path.parent).resolve()
    return Source(
        name=request.name,
        reader="parquet",
        origin=readable(path.name),
        licence=None,
        channels=usual_channels(_items(shards, root, request.max_file_bytes)),
        total=sum(sum(shard.group_rows) for shard in shards),
        items=partial(_items, shards, root, request.max_file_bytes),
        fingerprint=fingerprint([shard.path for shard in shards]),
        tree=root if path.is_dir() else None,
    )


def _items(shards: list[Shard], root: Path, max_bytes: int = MAX_FILE_BYTES) -> Iterator[Item]:
    for shard in shards:
        start = 0
        for group, num_rows in enumerate(shard.group_rows):
            for index, record in enumerate(_records(shard, group, num_rows), start):
                name = f"{shard.name}[{index}]"
                if isinstance(record, Refusal):
                    yield Item(name, None, split=shard.split, refusal=record)
                else:
                    yield _item(name, shard, record, root, max_bytes)
            start += num_rows


def _records(shard: Shard, group: int, num_rows: int) -> Iterator[dict[str, Any] | Refusal]:
    """Yield the rows of a row group, a refusal for each that cannot be read."""
    from pyarrow import ArrowException

    done, kind = 0, "damaged"
    try:
        with opened(shard.path) as file:
            if file.metadata.row_group(group).total_byte_size > MAX_GROUP_BYTES:
                kind = "too-large"
                raise ValueError(f"a row group above {MAX_GROUP_BYTES >> 20} MiB; write it again in smaller ones")
            for batch in file.iter_batches(_BATCH_ROWS, [group], shard.columns.wanted, use_threads=False):
                for record in batch.to_pylist():
                    yield record
                    done += 1
        reason = "The file has fewer rows than it says."
    except (ArrowException, OSError, ValueError) as error:
        reason = f"The file cannot be read here: {readable(str(error))[:200]}."
    for _ in range(num_rows - done):
        yield Refusal(kind, reason)


def _item(name: str, shard: Shard, record: dict[str, Any], root: Path, max_bytes: int) -> Item:
    columns = shard.columns
    plain = lower_keys({key: value for key, value in record.items() if key != columns.image}) or {}
    label, refusal = _label(record.get(columns.label) if columns.label else None, columns)
    content = _content(record[columns.image], shard.path.parent, root, max_bytes)
    if isinstance(content, Refusal):
        content, refusal = None, content
    split = split_named(plain.get("split")) or shard.split
    return Item(name, content, None if refusal else label, split, refusal, facts_of(plain))


def _label(value: object, columns: Columns) -> tuple[str | None, Refusal | None]:
    if columns.names is None or not isinstance(value, int) or value == -1:  # -1: the library's word for unlabelled
        return (None if columns.names and value == -1 else label_of(value)), None
    if 0 <= value < len(columns.names):
        return columns.names[value], None
    return None, Refusal("bad-label", f"Its label is {value}; there are {len(columns.names)} classes, from 0.")


def _content(value: object, folder: Path, root: Path, max_bytes: int) -> bytes | Path | Refusal:
    """Return the bytes of an image, or the path of one inside the folder."""
    path = None
    if isinstance(value, dict):
        path, value = value.get("path"), value.get("bytes")
    if isinstance(value, bytes):
        if len(value) > max_bytes:
            return Refusal("too-large", f"The file is larger than {max_bytes / 2**20:g} MiB.")
        return value
    if not isinstance(path, str) or not path or "\0" in path:
        return Refusal("missing", "The row holds no image.")
    found = [(place / path).resolve() for place in dict.fromkeys((folder.resolve(), root))]
    inside = [place for place in found if place.is_relative_to(root)]
    if not inside:
        return Refusal("outside", "The row names a file outside the folder.")
    return next((place for place in inside if place.is_file()), Refusal("missing", "The row names a file not there."))


def _shards(path: Path) -> list[Shard]:
    paths = _paths(path)
    names = [readable(file.relative_to(path).as_posix()) if path.is_dir() else file.name for file in paths]
    splits: list[Split | None] = [_split_of(name) for name in names]
    has_splits = {"train", "test"} <= set(splits) and None not in splits
    shards = []
    for file, name, split in zip(paths, names, splits, strict=True):
        columns = columns_of(file)
        with opened(file) as parquet:
            groups = tuple(parquet.metadata.row_group(index).num_rows for index in range(parquet.num_row_groups))
        shards.append(Shard(file, name, columns, groups, split if has_splits else None))
    return shards


def _split_of(name: str) -> Split | None:
    words = re.split(r"[-_./\\]", name)
    return next((split for word in words if (split := split_named(word))), None)


def _paths(path: Path) -> list[Path]:
    """Return the file, or those of a folder: in it, in `data/`, and up to two folders deep where none is higher."""
    if path.is_file():
        return [path]
    for pattern in ("*.parquet", "data/*.parquet", "*/*.parquet", "*/*/*.parquet"):
        found = sorted(file for file in path.glob(pattern) if _is_shard(file))
        if found:
            return found
    return []


def _is_shard(file: Path) -> bool:
    return file.name != _LISTING and not file.name.startswith(".") and file.is_file() and not file.is_symlink()


def _starts_as_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _MAGIC
    except OSError:
        return False


PARQUET = Reader(open_parquet, is_parquet)
