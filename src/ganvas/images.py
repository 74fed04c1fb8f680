"""Pictures as arrays: uint8 [N, H, W, C]; their shape, PNG files of 8 and 16 bits, and contact sheets."""

import io
import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.provenance import PNG_KEY, XMP_KEY, Provenance
from ganvas.storage import replace_file

Pixels = NDArray[np.uint8]
DeepPixels = NDArray[np.uint16]
"""As fine as a PNG file can be: 0 to 65,535."""
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # PNG, third edition, 11.2.1: greyscale, truecolour, truecolour with alpha


class ImageShape(NamedTuple):
    """Channels, height and width of every image of a set, in torch's order."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        kind = {1: "greyscale", 3: "colour", 4: "colour and alpha"}.get(self.channels, f"{self.channels} channels")
        return f"{self.width}x{self.height} {kind}"


def png_bytes(pixels: Pixels | DeepPixels, provenance: Provenance | None = None) -> bytes:
    """Return one image [H, W, C] (C = 1, 3 or 4) as the bytes of a PNG file, of 16 bits where it is uint16.

    A generated one says so: `provenance`.
    """
    if pixels.dtype == np.uint16:
        return _deep_png(pixels, provenance)
    squeezed = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    buffer, info = io.BytesIO(), None
    if provenance is not None:
        info = PngInfo()
        for key, text in _texts(provenance):
            info.add_itxt(key, text)
    Image.fromarray(squeezed).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def save_png(path: Path, pixels: Pixels | DeepPixels, provenance: Provenance | None = None, flush: bool = True) -> None:
    """Write one image [H, W, C] as a PNG file, atomically; a generated one says so: `provenance`."""
    replace_file(path, png_bytes(pixels, provenance), flush)


def contact_sheet(pixels: Pixels, columns: int | None = None, gap: int = 2, scale: int = 0) -> Pixels:
    """Lay images [N, H, W, C] out in rows, as one image.

    `columns` defaults to a near-square sheet. Each image is enlarged `scale` times by repeating pixels; 0 picks
    the scale that makes small images at least 48 pixels high.
    """
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    scale = scale or max(1, math.ceil(48 / height))
    enlarged = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width, rows = height * scale, width * scale, math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for index, image in enumerate(enlarged):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def to_bytes(pixels: Pixels | DeepPixels) -> Pixels:
    """Return images [N, H, W, C] of 8 or 16 bits as images of 8: v / 257, rounded to the nearest."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _texts(provenance: Provenance) -> tuple[tuple[str, str], tuple[str, str]]:
    return (XMP_KEY, provenance.xmp().decode()), (PNG_KEY, provenance.text())


def _deep_png(pixels: NDArray[np.generic], provenance: Provenance | None) -> bytes:
    """Return a PNG file of 16 bits a sample, its rows filtered by Up (PNG, third edition, 9.2), big end first."""
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels.astype(">u2")).view(np.uint8).reshape(height, -1)
    above = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.concatenate([np.full((height, 1), 2, np.uint8), rows - above], axis=1)  # modulo 256
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    texts = [] if provenance is None else _texts(provenance)
    chunks = [
        (b"IHDR", header),
        *((b"iTXt", key.encode() + bytes(5) + text.encode()) for key, text in texts),
        (b"IDAT", zlib.compress(filtered.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
