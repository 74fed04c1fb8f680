"""What becomes of one item: an image of the set, or a refusal with its reason. A pure function, for any process."""

import hashlib
from typing import NamedTuple

from ganvas.data.preprocessing import Preprocessing, image_from_array, image_from_bytes
from ganvas.data.sources.source import Item, Refusal
from ganvas.errors import RefusedImage
from ganvas.images import Pixels


class Finding(NamedTuple):
    """The outcome: either `pixels` [size, size, channels] or `refusal`.

    `sha256` is of the file's bytes (of the values, where a source gives arrays), None where nothing was read.
    """

    sha256: str | None
    pixels: Pixels | None = None
    refusal: Refusal | None = None


def inspect(item: Item, how: Preprocessing) -> Finding:
    """Read an item and make it an image of the set; whatever is wrong with it is in the finding."""
    digest: str | None = None
    try:
        content = item.read(how.max_file_bytes) if item.read else b""
        if item.read:
            digest = hashlib.sha256(content if isinstance(content, bytes) else content.tobytes()).hexdigest()
        if item.refusal:
            return Finding(digest, refusal=item.refusal)
        pixels = image_from_bytes(content, how) if isinstance(content, bytes) else image_from_array(content, how)
        return Finding(digest, pixels)
    except RefusedImage as refused:
        return Finding(digest, refusal=item.refusal or Refusal(refused.kind, str(refused)))
