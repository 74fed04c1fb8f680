"""What becomes of one item: an image of the set, or a refusal with its reason. A pure function, for any process."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from ganvas.data.measures import Measures
from ganvas.data.preprocessing import Prepared, Preprocessing, prepare_array, prepare_bytes
from ganvas.data.rights.rights import NO_RIGHTS, Rights, embedded_rights
from ganvas.data.sources.source import Item, Refusal
from ganvas.errors import RefusedImage
from ganvas.images import Pixels


class Finding(NamedTuple):
    """The outcome: either `pixels` [H, W, C] with what was measured of the picture, or `refusal`.

    `sha256` is of the file's bytes (of the values, where a source gives arrays), None where nothing was read;
    `width` and `height` are those of the original, upright.
    """

    sha256: str | None
    pixels: Pixels | None = None
    refusal: Refusal | None = None
    num_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    measures: Measures | None = None
    rights: Rights = NO_RIGHTS


def inspect(item: Item, how: Preprocessing) -> Finding:
    """Read an item and make it an image of the set; whatever is wrong with it is in the finding."""
    found = Finding(None)
    try:
        content = _read(item.content, how.max_file_bytes) if isinstance(item.content, Path) else item.content
        if content is not None:
            raw = content if isinstance(content, bytes) else content.tobytes()
            found = found._replace(sha256=hashlib.sha256(raw).hexdigest(), num_bytes=len(raw))
        if item.refusal or content is None:
            return found._replace(refusal=item.refusal or Refusal("unreadable", "There is nothing to read."))
        if isinstance(content, bytes):
            return _complete(found, prepare_bytes(content, how))._replace(rights=embedded_rights(content))
        return _complete(found, prepare_array(content, how))
    except RefusedImage as refused:
        return found._replace(refusal=item.refusal or Refusal(refused.kind, str(refused)))


def _complete(found: Finding, prepared: Prepared) -> Finding:
    return found._replace(
        pixels=prepared.pixels,
        width=prepared.width,
        height=prepared.height,
        format=prepared.format,
        measures=prepared.measures,
    )


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(min(os.fstat(file.fileno()).st_size, max_bytes) + 1)
    except OSError as error:
        raise RefusedImage("unreadable", f"It cannot be read: {error.strerror}.") from error
    if len(content) > max_bytes:
        raise RefusedImage("too-large", f"The file is larger than {max_bytes / 2**20:.0f} MiB.")
    return content
