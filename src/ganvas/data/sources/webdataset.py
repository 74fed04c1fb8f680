"""WebDataset shards: tar files whose neighbouring members `000001.jpg`, `000001.cls`, `000001.json` are one sample.

The label is the `.cls` (a number or words), else `label` or `class` of the `.json`, which also tells origin and rights.
See https://github.com/webdataset/webdataset.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby, islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ganvas.data.sources.archive import REST, content_of, is_tar, problem_of_name
from ganvas.data.sources.listing import split_named
from ganvas.data.sources.records import Record, facts_of, json_of, label_of, lower_keys, value_of
from ganvas.data.sources.source import Item, Reader, Refusal, Request, Source, fingerprint, readable
from ganvas.data.sources.tar_archive import TarArchive, TarMember
from ganvas.data.sources.tree import SUFFIXES
from ganvas.data.sources.usual_channels import usual_channels
from ganvas.data.splitting import Split
from ganvas.errors import DataError, UsageError

_MAX_TEXT_BYTES = 1 << 20
_LOOKED_AT = 64  # members
_SHARD_ENDINGS = (".tar", ".tar.gz", ".tgz")
_BESIDE_SHARDS = frozenset(
    {".json", ".jsonl", ".txt", ".md", ".csv", ".yaml", ".yml", ".idx", ".index", ".parquet", ".safetensors"}
)
_TEXTS = frozenset({"cls", "json", "txt"})


class Shard(NamedTuple):
    """One tar file of samples: its name in the items' names, and the split that its own name declares."""

    path: Path
    name: str
    split: Split | None


def is_webdataset(path: Path) -> bool:
    """Tell whether a path is surely a shard or a folder of nothing but shards.

    Each of the first samples must have an image and a `.cls` or `.json`; images in sub-folders must have a `.cls`,
    as a folder of pictures with a file of metadata beside each may be packed as well.
    """
    if path.is_dir():
        shards = _shards_in(path)
        return bool(shards) and _has_samples(shards[0].path)
    return path.is_file() and is_tar(path) and _has_samples(path)


def open_webdataset(request: Request) -> Source:
    """Open one shard, or the shards of a folder in the order of their names; a sample is an item.

    Raises `UsageError` where no file is given.
    """
    path = request.path
    if path is None:
        raise UsageError("`webdataset` reads files: give the path of a shard or of a folder of shards.")
    shards = _shards_in(path) if path.is_dir() else [Shard(path, "", None)]
    total, notes = 0, []
    for shard in shards:
        with TarArchive(shard.path) as archive:
            total += sum(_num_rows(list(members)) for _, members in groupby(archive.members(), _key))
            if archive.rest:
                total += 1
                notes.append(f"`{readable(shard.path.name)}`: {archive.rest.reason}")
    return Source(
        name=request.name,
        reader="webdataset",
        origin=readable(path.name),
        licence=None,
        channels=usual_channels(_items(shards, request.max_file_bytes)),
        total=total,
        items=partial(_items, shards, request.max_file_bytes),
        note=" ".join(notes),
        fingerprint=fingerprint([shard.path for shard in shards]),
        tree=path.resolve() if path.is_dir() else None,
    )


def _items(shards: list[Shard], max_bytes: int) -> Iterator[Item]:
    for shard in shards:
        prefix = f"{shard.name}/" if shard.name else ""
        with TarArchive(shard.path) as archive:
            for key, members in groupby(archive.members(), _key):
                for item in _sample(archive, key, members, max_bytes):
                    yield item._replace(name=prefix + item.name, split=item.split or shard.split)
            if archive.rest:
                yield Item(prefix + REST, None, refusal=archive.rest)


def _sample(archive: TarArchive, key: str, members: Iterator[TarMember], max_bytes: int) -> list[Item]:
    """Return the items of one sample: its first image with label and facts, and what is refused of it."""
    items: list[Item] = []
    texts: dict[str, bytes | Refusal] = {}
    at: int | None = None
    for member in members:
        name, ending = readable(member.name[:4096]), _ending(member)
        refusal = member.refusal or problem_of_name(member.name)
        if refusal:
            items.append(Item(name, None, refusal=refusal))
        elif _is_image(member) and at is None:
            content = content_of(archive, member, max_bytes)
            at = len(items)
            refusal = content if isinstance(content, Refusal) else None
            items.append(Item(name, None if isinstance(content, Refusal) else content, refusal=refusal))
        elif _is_image(member):
            items.append(Item(name, None, refusal=Refusal("second-image", "Its sample has an image before it.")))
        elif ending in _TEXTS and ending not in texts:
            texts[ending] = content_of(archive, member, _MAX_TEXT_BYTES)
    if at is not None:
        items[at] = _described(items[at], texts)
    return items or [Item(readable(key), None, refusal=Refusal("not-an-image", "This sample has no image."))]


def _described(item: Item, texts: dict[str, bytes | Refusal]) -> Item:
    record: Record | None = {}
    for ending, content in texts.items():
        if isinstance(content, Refusal):
            return item._replace(content=None, refusal=Refusal(content.kind, f"Of its .{ending}: {content.reason}"))
        if ending == "json":
            record = lower_keys(json_of(content))
    if record is None:
        return item._replace(refusal=Refusal("damaged", "The .json of its sample is not a JSON object."))
    words = {ending: content.decode("utf-8", "replace") for ending, content in texts.items() if type(content) is bytes}
    label = label_of(words.get("cls")) or label_of(value_of(record, ("label", "class", "cls")))
    title = value_of(record, ("title", "caption")) or words.get("txt")
    facts = facts_of({**record, "title": title})
    return item._replace(label=label, split=split_named(record.get("split")), facts=facts)


def _num_rows(members: list[TarMember]) -> int:
    """Return how many items a sample gives: its images and what may not be read, at least one."""
    refused = (member.refusal or problem_of_name(member.name) or _is_image(member) for member in members)
    return max(1, sum(map(bool, refused)))


def _key(member: TarMember) -> str:
    """Return the name of a member's sample: up to the first dot of its last part."""
    folder, slash, name = member.name.removeprefix("./").rpartition("/")
    return folder + slash + name.split(".", 1)[0]


def _ending(member: TarMember) -> str:
    return member.name.rsplit("/", 1)[-1].partition(".")[2].lower()


def _is_image(member: TarMember) -> bool:
    return PurePosixPath(member.name).suffix.lower() in SUFFIXES


def _has_samples(shard: Path) -> bool:
    try:
        with TarArchive(shard) as archive:
            first = list(islice(archive.members(), _LOOKED_AT))
    except DataError:
        return False
    groups = [(key, list(members)) for key, members in groupby(first, _key)]
    if len(groups) > 1 and (archive.rest or len(first) == _LOOKED_AT):
        groups.pop()  # it is not whole, or may go on
    return bool(groups) and all(_is_sample(key, members) for key, members in groups)


def _is_sample(key: str, members: list[TarMember]) -> bool:
    endings = {_ending(member) for member in members if not member.refusal}
    told = "cls" in endings or ("json" in endings and "/" not in key)
    return told and bool(key) and any(_is_image(member) for member in members)


def _shards_in(folder: Path) -> list[Shard]:
    """Return the shards of a folder, or of its folders train/, val/ ...; none where it holds anything else."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        outer = [entry for entry in entries if split_named(entry.name) and entry.is_dir()]
        inner = [path for entry in outer for path in entry.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []
    files = [entry for entry in entries if entry not in outer] + sorted(inner)
    paths = [path for path in files if path.name.lower().endswith(_SHARD_ENDINGS) and not path.is_symlink()]
    shards = set(paths)
    others = (path for path in files if path not in shards)
    if not all(path.suffix.lower() in _BESIDE_SHARDS and path.is_file() for path in others):
        return []
    splits: list[Split | None] = [_split_of(path.relative_to(folder)) for path in paths]
    is_whole = {"train", "test"} <= set(splits) and None not in splits
    return [
        Shard(path, readable(path.relative_to(folder).as_posix()), split if is_whole else None)
        for path, split in zip(paths, splits, strict=True)
    ]


def _split_of(inside: Path) -> Split | None:
    """Return the split that a shard's folder or name declares, as in `imagenet-train-000000.tar`."""
    words = re.split(r"[-_./\\]", inside.as_posix())
    return next((split for word in words if (split := split_named(word))), None)


WEBDATASET = Reader(open_webdataset, is_webdataset)
