"""A folder of images: flat, one sub-folder per class (train/ and test/ above them), or with a listing of its files."""

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from ganvas.data.sources.listing import MAX_LISTING_BYTES, ListingFile, is_listing
from ganvas.data.sources.source import Item, Reader, Refusal, Request, Source, readable
from ganvas.data.sources.tree import Found, Tree, grow, refusal_of_name
from ganvas.data.sources.usual_channels import LOOKED_AT, usual_channels
from ganvas.errors import UsageError

FoundFile = Found[str]


def open_folder(request: Request) -> Source:
    """Open a folder with all below it, in the order of the paths; links that leave it are not followed.

    Raises `UsageError` where no folder is given.
    """
    if request.path is None:
        raise UsageError("`folder` reads files: give the path of a folder.")
    root = request.path.resolve()
    found = sorted(_walk(root), key=lambda entry: os.fsencode(entry.inside))
    tree = grow(found, _listing_files(found))
    return Source(
        name=request.name,
        reader="folder",
        origin=readable(root.name),
        licence=None,
        channels=usual_channels(islice(_items(tree), 0, None, max(1, tree.total // LOOKED_AT))),
        total=tree.total,
        items=partial(_items, tree),
        note=tree.note(request.name, "Folder"),
        tree=root,
        fingerprint=_fingerprint(found),
    )


def _items(tree: Tree[str]) -> Iterator[Item]:
    for entry in tree.found:
        yield tree.item(entry, None if entry.place is None else Path(entry.place))
    yield from tree.absentees()


def _listing_files(found: list[FoundFile]) -> Iterator[ListingFile]:
    for entry in found:
        if entry.place and is_listing(entry.inside):
            yield ListingFile(entry.inside, _content(Path(entry.place)))


def _content(path: Path) -> bytes | Refusal:
    try:
        with path.open("rb") as file:
            return file.read(MAX_LISTING_BYTES + 1)
    except OSError as error:
        return Refusal("unreadable", f"It cannot be read: {error.strerror}.")


def _fingerprint(found: list[FoundFile]) -> str:
    digest = hashlib.sha256()
    for inside, target, _ in found:
        digest.update(os.fsencode(inside))
        try:
            status = Path(target).lstat() if target else None
        except OSError:
            status = None
        digest.update(f":{status.st_size}:{status.st_mtime_ns};".encode() if status else b";")
    return digest.hexdigest()


def _walk(root: Path) -> Iterator[FoundFile]:
    """Yield every file, link and special file below `root`, and folders that cannot be listed; not in order."""
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            refusal = Refusal("unreadable", f"The folder cannot be listed: {error.strerror}.")
            yield Found(folder.relative_to(root).as_posix(), None, refusal)
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            else:
                yield _found(Path(entry.path), root)


def _found(path: Path, root: Path) -> FoundFile:
    inside = path.relative_to(root).as_posix()
    target: Path | None = path
    if path.is_symlink():
        target, refusal = _followed(path, root)
        if refusal:
            return Found(inside, None, refusal)
    if target is None or not stat.S_ISREG(_mode(target)):
        return Found(inside, None, Refusal("not-an-image", "It is not a regular file that can be reached."))
    return Found(inside, os.fspath(target), refusal_of_name(inside))  # a path as text: a third of the memory


def _followed(link: Path, root: Path) -> tuple[Path | None, Refusal | None]:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # Python 3.11 tells a loop of links by a RuntimeError
        return None, Refusal("broken-link", "It is a link that leads nowhere.")
    if not target.is_relative_to(root):
        return None, Refusal("outside", "It is a link that leaves the folder.")
    if target.is_dir():
        return None, Refusal("link-to-folder", "It is a link to a folder that is read at its own place.")
    return target, None


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


FOLDER = Reader(open_folder, Path.is_dir)
