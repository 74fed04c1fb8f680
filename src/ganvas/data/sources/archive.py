"""ZIP and tar files (.tar.gz, .bz2, .xz too) as the tree of images they hold, read member by member, never unpacked.

Images come in the order of their paths, as from the unpacked folder; from a packed tar file, which is read once from
front to back, in the archive's order.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ganvas.data.sources.listing import MAX_LISTING_BYTES, MAX_NAME, ListingFile, is_listing
from ganvas.data.sources.source import Item, Reader, Refusal, Request, Source, fingerprint, readable
from ganvas.data.sources.tar_archive import TarArchive, TarMember
from ganvas.data.sources.tree import Found, Tree, grow, refusal_of_name, through_link
from ganvas.data.sources.usual_channels import usual_channels
from ganvas.data.sources.zip_archive import ZipArchive
from ganvas.data.sources.zip_members import ZipMember
from ganvas.errors import DataError, RefusedImage, UsageError

REST = "(the rest of the archive)"
SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_OTHERS = {b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"\x28\xb5\x2f\xfd": "Zstandard"}
_DOUBLE = Refusal("duplicate-name", "The archive holds a later member of this name, which is used.")
_BEHIND_LINK = Refusal("outside", "Its path leads through a link.")

Member = ZipMember | TarMember
FoundMember = Found[Member]
Archive = ZipArchive | TarArchive


def is_archive(path: Path) -> bool:
    """Tell whether a file is a ZIP or tar file, by its first bytes, or is named like one."""
    if not path.is_file():
        return False
    if path.name.lower().endswith(SUFFIXES):
        return True
    start = _start(path)
    return start.startswith((b"PK\3\4", b"PK\5\6", *_OTHERS)) or is_tar(path)


def is_tar(path: Path) -> bool:
    """Tell whether a file is a tar file, packed or not, by its first header."""
    start = _start(path)
    if not start.startswith(_PACKED) and not start[257:].startswith(b"ustar"):
        return False
    try:
        with TarArchive(path) as archive:
            return next(archive.members(), None) is not None
    except DataError:
        return False


def open_archive(request: Request) -> Source:
    """Open an archive as the tree it holds: one folder above all is left out, classes and listings as in a folder.

    Raises `UsageError` where no file is given, `DataError` where it cannot be read.
    """
    if request.path is None:
        raise UsageError("`archive` reads files: give the path of a ZIP or tar file.")
    path = request.path
    with _opened(path) as archive:
        found, rest, listings = _surveyed(archive)
        if archive.in_any_order:
            found.sort(key=lambda entry: os.fsencode(entry.inside))
    tree = grow(found, listings)
    return Source(
        name=request.name,
        reader="archive",
        origin=readable(path.name),
        licence=None,
        channels=usual_channels(_items(path, tree, rest, request.max_file_bytes)),
        total=tree.total + (rest is not None),
        items=partial(_items, path, tree, rest, request.max_file_bytes),
        note=" ".join(part for part in (rest.reason if rest else "", tree.note(request.name, "Archive")) if part),
        fingerprint=fingerprint([path]),
    )


def _items(path: Path, tree: Tree[Member], rest: Refusal | None, max_bytes: int) -> Iterator[Item]:
    with _opened(path) as archive:
        for entry in tree.found:
            content = None if entry.refusal else content_of(archive, entry.place, max_bytes)
            if isinstance(content, Refusal):
                yield tree.item(entry, None, content)
            else:
                yield tree.item(entry, content)
    yield from tree.absentees()
    if rest:
        yield Item(REST, None, refusal=rest)


def _opened(path: Path) -> Archive:
    start = _start(path)
    if other := next((name for magic, name in _OTHERS.items() if start.startswith(magic)), None):
        raise DataError(
            f"`{path}` is a {other} archive; Ganvas reads ZIP and tar files. Unpack it and give the folder."
        )
    looks_like_tar = start.startswith(_PACKED) or start[257:].startswith(b"ustar")
    if start.startswith(b"PK") or (path.suffix.lower() == ".zip" and not looks_like_tar):
        return ZipArchive(path)
    return TarArchive(path)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError:
        return b""


def _surveyed(archive: Archive) -> tuple[list[FoundMember], Refusal | None, list[ListingFile]]:
    """Return every entry, why the rest cannot be listed, and the listings, read on the way."""
    found: list[FoundMember] = []
    listings: dict[int, bytes | Refusal] = {}
    left = MAX_LISTING_BYTES
    if isinstance(archive, ZipArchive):
        members, rest = archive.directory()
    else:
        members, rest = archive.members(), None
    for member in members:
        if isinstance(member, ZipMember) and member.name.endswith("/"):
            continue
        entry = _found(member)
        if not member.refusal and entry.place and is_listing(entry.inside):
            listings[len(found)] = content = content_of(archive, member, left)
            left -= len(content) if isinstance(content, bytes) else 0
        found.append(entry)
    if isinstance(archive, TarArchive):
        rest = archive.rest
    found = _without_top(_without_doubles(found))
    files = [ListingFile(found[at].inside, content) for at, content in listings.items() if _is_last(found[at])]
    return found, rest, files


def content_of(archive: Archive, member: Member | None, max_bytes: int) -> bytes | Refusal:
    """Return a member's bytes, or why they cannot be had."""
    try:
        return archive.read(member, max_bytes)  # pyright: ignore[reportArgumentType]
    except RefusedImage as refused:
        return Refusal(refused.kind, str(refused))


def _found(member: Member) -> FoundMember:
    name = member.name.replace("\\", "/") if isinstance(member, ZipMember) else member.name
    problem = problem_of_name(member.name)
    if problem:
        return Found(name[:MAX_NAME], None, problem)
    inside = "/".join(part for part in name.split("/") if part not in ("", "."))
    return Found(inside, member, member.refusal or refusal_of_name(inside))


def problem_of_name(name: str) -> Refusal | None:
    """Return why a name cannot be one of a file below the archive's root, with either kind of slash."""
    parts = name.replace("\\", "/").split("/")
    if "\0" in name or not any(part not in ("", ".") for part in parts) or len(name) > MAX_NAME:
        return Refusal("bad-name", "Its name is empty, above 4,096 characters, or holds a zero byte.")
    if not parts[0] or ".." in parts or (parts[0][1:2] == ":" and parts[0][0].isalpha()):
        return Refusal("outside", "Its path leaves the archive.")
    return None


def _is_last(entry: FoundMember) -> bool:
    return entry.refusal is None or entry.refusal.kind == "not-an-image"


def _without_doubles(found: list[FoundMember]) -> list[FoundMember]:
    """Return the entries; of several of one path the last counts, as when unpacked, and none lies behind a link."""
    last = {entry.inside: index for index, entry in enumerate(found) if entry.place}
    links = {entry.inside for entry in found if entry.refusal and entry.refusal.kind == "link"}
    return [
        entry._replace(refusal=_DOUBLE)
        if entry.place and last[entry.inside] != index
        else entry._replace(refusal=_BEHIND_LINK)
        if through_link(entry.inside, links)
        else entry
        for index, entry in enumerate(found)
    ]


def _without_top(found: list[FoundMember]) -> list[FoundMember]:
    """Return the entries without the one folder that is above all of them, where there is one."""
    tops = {entry.inside.split("/", 1)[0] if "/" in entry.inside else "" for entry in found if _counts(entry)}
    if len(tops) != 1 or "" in tops:
        return found
    top = f"{tops.pop()}/"
    return [entry._replace(inside=entry.inside.removeprefix(top)) if entry.place else entry for entry in found]


def _counts(entry: FoundMember) -> bool:
    return entry.place is not None and not entry.inside.startswith((".", "__MACOSX/"))


ARCHIVE = Reader(open_archive, is_archive)
