"""A folder of images: flat, or one sub-folder per class; with train/ and test/ above them where there are both."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple

from ganvas.data.sources.source import Item, Reader, Refusal, Request, Source, readable
from ganvas.data.splitting import Split
from ganvas.errors import RefusedImage, UsageError

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
_SPLIT_FOLDERS: dict[str, Split] = {"train": "train", "test": "test", "val": "test", "valid": "test"}


class Found(NamedTuple):
    """One entry of the folder: its path below it, what to read (None: nothing), why it is no image."""

    inside: PurePath
    target: Path | None
    refusal: Refusal | None


class Layout(NamedTuple):
    """What the sub-folders mean: whether the first level is the split, and the next one the class."""

    has_splits: bool
    has_classes: bool

    def split_of(self, inside: PurePath) -> Split | None:
        """Return the split a path declares."""
        return _SPLIT_FOLDERS[inside.parts[0].lower()] if self.has_splits else None

    def label_of(self, inside: PurePath) -> str | None:
        """Return the class a path declares; composed, so that every file system gives the same name."""
        return unicodedata.normalize("NFC", readable(inside.parts[int(self.has_splits)])) if self.has_classes else None


def open_folder(request: Request) -> Source:
    """Open a folder with all below it, in the order of the paths; links that leave it are not followed."""
    if request.path is None:
        raise UsageError("`folder` reads files: give the path of a folder.")
    root = request.path.resolve()
    found = sorted(_walk(root), key=lambda entry: os.fsencode(entry.inside.as_posix()))
    images = [entry.inside for entry in found if entry.refusal is None]
    layout = _layout(images)
    loose = sum(len(inside.parts) == 1 + layout.has_splits for inside in images)
    note = ""
    if 0 < loose < len(images):
        note = (
            f"Folder `{request.name}` has {loose} images beside its sub-folders, so its images have no classes. "
            "Move them into a sub-folder to have one class per sub-folder."
        )
    return Source(
        name=request.name,
        reader="folder",
        origin=readable(root.name),
        licence=None,
        channels=3,
        total=len(found),
        items=partial(_items, found, layout),
        note=note,
        tree=root,
    )


def _layout(images: list[PurePath]) -> Layout:
    first = {inside.parts[0].lower() if len(inside.parts) > 1 else "" for inside in images}
    has_splits = "train" in first and len(first) > 1 and first <= _SPLIT_FOLDERS.keys()
    return Layout(has_splits, all(len(inside.parts) > 1 + has_splits for inside in images))


def _items(found: list[Found], layout: Layout) -> Iterator[Item]:
    for inside, target, refusal in found:
        name = readable(inside.as_posix())
        read = _reader_of(target) if target else None
        if refusal:
            yield Item(name, read, refusal=refusal)
        else:
            yield Item(name, read, layout.label_of(inside), layout.split_of(inside))


def _walk(root: Path) -> Iterator[Found]:
    """Yield every file, link and special file below `root`, and folders that cannot be listed; not in order."""
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            refusal = Refusal("unreadable", f"The folder cannot be listed: {error.strerror}.")
            yield Found(folder.relative_to(root), None, refusal)
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            else:
                yield _found(Path(entry.path), root)


def _found(path: Path, root: Path) -> Found:
    inside = path.relative_to(root)
    target: Path | None = path
    if path.is_symlink():
        target, refusal = _followed(path, root)
        if refusal:
            return Found(inside, None, refusal)
    if target is None or not stat.S_ISREG(_mode(target)):
        return Found(inside, None, Refusal("not-an-image", "It is not a regular file that can be reached."))
    if any(part.startswith(".") for part in inside.parts):
        return Found(inside, target, Refusal("not-an-image", "It is a hidden file."))
    if path.suffix.lower() not in SUFFIXES:
        ending = f"`{readable(path.suffix)}`" if path.suffix else "no ending"
        return Found(inside, target, Refusal("not-an-image", f"Its name has {ending}, not that of an image."))
    return Found(inside, target, None)


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


def _reader_of(path: Path) -> Callable[[int], bytes]:
    def read(max_bytes: int) -> bytes:
        try:
            with path.open("rb") as file:
                content = file.read(min(os.fstat(file.fileno()).st_size, max_bytes) + 1)
        except OSError as error:
            raise RefusedImage("unreadable", f"It cannot be read: {error.strerror}.") from error
        if len(content) > max_bytes:
            raise RefusedImage("too-large", f"The file is larger than {max_bytes / 2**20:.0f} MiB.")
        return content

    return read


FOLDER = Reader(open_folder, Path.is_dir)
