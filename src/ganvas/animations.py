"""Animations: frames uint8 [H, W, C] in, a GIF, WebP or MP4 file out, which says that a model made it."""

import io
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.errors import UsageError
from ganvas.extras import install
from ganvas.images import Pixels
from ganvas.provenance import Provenance
from ganvas.storage import replace_file

FORMATS = (".gif", ".webp", ".mp4")
SLOWEST, FASTEST = 0.1, 60
NO_VIDEO = (
    "MP4 films need the package `av` (PyAV), which is not installed; names that end in .webp or .gif need nothing. "
    + install("video")
)
_XMP_EXTENSION = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER = bytes([1, *range(255, -1, -1), 0])  # leads a reader of blocks to the end from wherever it stands
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP in ISO base media files: ISO 16684-3


def check_film(path: Path, frames_per_second: float) -> None:
    """Raise `UsageError` where no film can have this name or speed, before any work is done."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"A film's name ends in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}; this is `{path.name}`.")
    if not SLOWEST <= frames_per_second <= FASTEST:
        raise UsageError(f"A film has {SLOWEST} to {FASTEST} frames a second; {frames_per_second:g} were asked for.")
    if path.suffix.lower() == ".mp4":
        _video()


def save_animation(
    path: Path, frames: Iterable[Pixels], frames_per_second: float = 12.0, provenance: Provenance | None = None
) -> None:
    """Write frames [H, W, C], all of one size, as the film that the name's ending asks for, atomically.

    GIF has 256 colours and no half-transparency; WebP keeps every value; MP4 is H.264, its sides made even. Alpha is
    laid over white where the format has none. Raises `UsageError` for other endings and speeds, or where MP4 lacks its
    package.
    """
    check_film(path, frames_per_second)
    write = {".gif": _gif, ".webp": webp_bytes, ".mp4": _mp4}[path.suffix.lower()]
    replace_file(path, write(iter(frames), frames_per_second, provenance))


def enlarged(pixels: Pixels, least: int) -> Pixels:
    """Return one image [H, W, C] with its pixels repeated until it is at least `least` pixels high."""
    times = max(1, -(-least // pixels.shape[0]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def _gif(frames: Iterator[Pixels], rate: float, provenance: Provenance | None) -> bytes:
    content = _by_pillow("GIF", (_opaque(frame) for frame in frames), round(100 / rate) * 10)
    if provenance is None:
        return content
    flags = content[10]
    place = 13 + (3 << (flags % 8 + 1) if flags & 0x80 else 0)  # behind header, screen and its table of colours
    return content[:place] + _XMP_EXTENSION + provenance.xmp() + _XMP_TRAILER + content[place:]


def webp_bytes(frames: Iterator[Pixels], rate: float, provenance: Provenance | None) -> bytes:
    """Return frames [H, W, C], `rate` of them a second, as a WebP file that keeps every value; one frame is a still."""
    more = {} if provenance is None else {"xmp": provenance.xmp()}
    return _by_pillow("WEBP", frames, round(1000 / rate), lossless=True, exact=True, method=3, **more)


def _by_pillow(kind: str, frames: Iterator[Pixels], milliseconds: int, **options: object) -> bytes:
    images = (Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame) for frame in frames)
    buffer = io.BytesIO()
    first = next(images)
    first.save(buffer, kind, save_all=True, append_images=images, duration=milliseconds, loop=0, **options)
    return buffer.getvalue()


def _mp4(frames: Iterator[Pixels], rate: float, provenance: Provenance | None) -> bytes:
    av = _video()
    first = next(frames)
    buffer = io.BytesIO()
    height, width = (side + side % 2 for side in first.shape[:2])
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as film:
        stream = film.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "16", "threads": "1"}
        for frame in chain([first], frames):
            whole = np.zeros((height, width, 3), np.uint8)
            whole[: frame.shape[0], : frame.shape[1]] = _opaque(frame)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="rgb24")))
        film.mux(stream.encode())
    packet = b"" if provenance is None else _XMP_BOX + provenance.xmp()
    return buffer.getvalue() + (struct.pack(">I", len(packet) + 8) + b"uuid" + packet if packet else b"")


def _opaque(frame: Pixels) -> Pixels:
    """Return a frame with its alpha, if it has any, laid over white."""
    if frame.shape[2] != 4:
        return frame
    share = frame[..., 3:].astype(np.float64) / 255
    return np.rint(frame[..., :3] * share + 255 * (1 - share)).astype(np.uint8)


def _video():  # noqa: ANN202  (a module of an optional package)
    try:
        import av
    except ImportError as error:
        raise UsageError(NO_VIDEO) from error
    return av
