"""What the paths of a tree of images mean, in a folder and in an archive alike: images, classes, splits, facts."""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Generic, NamedTuple, TypeVar

from ganvas.data.sources.listing import Listing, ListingFile, Unlisted, is_listing, read_listings, split_named
from ganvas.data.sources.source import Facts, Item, Refusal, readable
from ganvas.data.splitting import Split

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
LINK_KINDS = frozenset({"link", "broken-link", "link-to-folder", "outside"})
_SPLIT_FOLDERS = frozenset({"train", "test", "val", "valid", "validation"})

_MOST_STRAYS = 0.05
"""The share of the images that may lie beside sub-folders and be left out; with more there are no classes."""
_STRAY = Refusal("no-class", "It lies beside the sub-folders that are the classes.")
Place = TypeVar("Place")


class Found(NamedTuple, Generic[Place]):
    """One entry of a tree: its path below the root (`/` between parts), what to read, why it is no image.

    `place` is where the content is; None where nothing may be read.
    """

    inside: str
    place: Place | None
    refusal: Refusal | None = None


class Layout(NamedTuple):
    """What the sub-folders mean: whether the first level is the split, and the next one the class."""

    has_splits: bool
    has_classes: bool

    def split_of(self, inside: str) -> Split | None:
        """Return the split a path declares."""
        return split_named(inside.split("/", 1)[0]) if self.has_splits else None

    def label_of(self, inside: str) -> str | None:
        """Return the class a path declares; composed, so that every file system gives the same name."""
        if not self.has_classes:
            return None
        return unicodedata.normalize("NFC", readable(inside.split("/", 2)[int(self.has_splits)]))


class Tree(NamedTuple, Generic[Place]):
    """The entries of a tree in their order, what their paths mean, and what its listings say of them."""

    found: list[Found[Place]]
    layout: Layout
    listing: Listing
    absent: list[Unlisted]
    num_loose: int
    num_strays: int

    @property
    def total(self) -> int:
        """Number of items: every entry, and every listed file that is not there."""
        return len(self.found) + len(self.absent)

    def item(self, entry: Found[Place], content: Path | bytes | None, refusal: Refusal | None = None) -> Item:
        """Return the item of an entry with its content; `refusal` is what reading it met."""
        name, refusal = readable(entry.inside), entry.refusal or refusal
        listed = self.listing.find(entry.inside)
        facts = listed.facts if listed else Facts()
        if refusal:
            return Item(name, content, refusal=refusal, facts=facts)
        label = self.layout.label_of(entry.inside)
        split = self.layout.split_of(entry.inside)
        if self.listing.labels and label not in self.listing.labels:
            label = None
        if listed:
            label, split = listed.label or label, listed.split or split
        return Item(name, content, label, split, facts=facts)

    def absentees(self) -> Iterator[Item]:
        """Yield the items of listed files that are not in the tree."""
        for name, refusal in self.absent:
            yield Item(name, None, refusal=refusal)

    def note(self, name: str, kind: str) -> str:
        """Return what the owner of the tree `name` (a folder, an archive) should know."""
        notes = list(self.listing.notes)
        num_images = sum(entry.refusal is None for entry in self.found)
        if 0 < self.num_loose < num_images and self.listing.folders_are_classes and not self.listing.labels:
            notes.append(
                f"{kind} `{name}` has {_images(self.num_loose)} beside its sub-folders, so its images have no classes. "
                "Move what lies beside them into a sub-folder to have one class per sub-folder."
            )
        if self.num_strays:
            notes.append(
                f"{kind} `{name}` has {_images(self.num_strays)} beside its sub-folders, which are its classes: "
                f"{'it was' if self.num_strays == 1 else 'they were'} left out. Move into a sub-folder what is wanted."
            )
        if self.absent:
            num_absent = len(self.absent) + self.listing.num_untold
            notes.append(
                f"{kind} `{name}` lists {num_absent} files that are not in it, such as `{self.absent[0].name}`."
            )
        return " ".join(notes)


def grow(found: list[Found[Place]], listing_files: Iterable[ListingFile]) -> Tree[Place]:
    """Return the tree of `found`, in that order, with what its listings say."""
    files = list(listing_files)
    names = {unicodedata.normalize("NFC", entry.inside) for entry in found} if files else set()
    listing = read_listings(files, names)
    images = [entry.inside for entry in found if entry.refusal is None]
    strays = _strays(images) if listing.folders_are_classes and not listing.labels else set()
    if strays:
        found = [entry._replace(refusal=_STRAY) if entry.inside in strays else entry for entry in found]
        images = [inside for inside in images if inside not in strays]
    layout = _layout(images, listing.folders_are_classes)
    loose = sum(inside.count("/") == layout.has_splits for inside in images)
    return Tree(found, layout, listing, _absent(found, listing), loose, len(strays))


def refusal_of_name(inside: str) -> Refusal | None:
    """Return why a path is not that of an image: hidden, or with an ending of something else."""
    parts = inside.split("/")
    if parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts):
        return Refusal("not-an-image", "It is a hidden file.")
    suffix = PurePosixPath(parts[-1]).suffix
    if suffix.lower() in SUFFIXES:
        return None
    if is_listing(inside):
        return Refusal("not-an-image", "It lists the images, and was read for that.")
    ending = f"`{readable(suffix)}`" if suffix else "no ending"
    return Refusal("not-an-image", f"Its name has {ending}, not that of an image.")


def _layout(images: Iterable[str], folders_are_classes: bool) -> Layout:
    levels, first = [], set()
    for inside in images:
        top, slash, _ = inside.partition("/")
        first.add(top.lower() if slash else "")
        levels.append(inside.count("/"))
    has_splits = "train" in first and len(first) > 1 and first <= _SPLIT_FOLDERS
    return Layout(has_splits, folders_are_classes and min(levels, default=1) > has_splits)


def _strays(images: list[str]) -> set[str]:
    """Return the few images that lie beside sub-folders which hold almost all of them: those of no class."""
    strays: set[str] = set()
    for _ in range(2):  # beside the splits, then beside the classes
        inner = [inside for inside in images if inside not in strays]
        depth = int(_layout(inner, True).has_splits)
        strays.update(inside for inside in inner if inside.count("/") <= depth)
    inner = [inside for inside in images if inside not in strays]
    depth = int(_layout(inner, True).has_splits)
    classes = {inside.split("/")[depth] for inside in inner}
    return strays if len(classes) > 1 and len(strays) <= _MOST_STRAYS * len(images) else set()


def _images(num: int) -> str:
    return "1 image" if num == 1 else f"{num:,} images"


def _absent(found: list[Found[Place]], listing: Listing) -> list[Unlisted]:
    """Return the listed files that are not in the tree, and those that leave it, in the order of their names."""
    if not listing.absent and not listing.outside:
        return []
    links = {entry.inside for entry in found if entry.refusal and entry.refusal.kind in LINK_KINDS}
    lost = [Unlisted(name, _reason(name, links)) for name in listing.absent]
    return sorted(lost + listing.outside)


def _reason(name: str, links: set[str]) -> Refusal:
    if through_link(name, links):
        return Refusal("outside", "It is listed, and its path leads through a link.")
    return Refusal("missing", "It is listed, but there is no such file.")


def through_link(inside: str, links: set[str]) -> bool:
    """Tell whether a folder on the way to `inside` is one of `links`."""
    return bool(links) and any(str(parent) in links for parent in PurePosixPath(inside).parents)
