"""How a worker process is asked and answers: frames of JSON and raw bytes, of which none can execute code.

A decoder that a hostile file has taken over can therefore say nothing worse than a wrong picture. A frame is two
32-bit lengths, a JSON header and a body.
"""

import json
import os
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from ganvas.data.inspection import Finding
from ganvas.data.measures import Measures
from ganvas.data.rights.rights import NO_RIGHTS, Rights
from ganvas.data.sources.source import Item, Refusal

_LENGTHS = struct.Struct("<II")


def write_frame(stream: IO[bytes], header: Any, body: bytes = b"") -> None:  # noqa: ANN401
    """Write one frame."""
    text = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)


def read_frame(stream: IO[bytes]) -> tuple[Any, bytes]:
    """Return header and body of the next frame; `EOFError` where the stream ends."""
    sizes = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    return json.loads(_exactly(stream, sizes[0])), _exactly(stream, sizes[1])


def question(item: Item) -> tuple[Any, bytes]:
    """Return what a worker needs of an item."""
    content = item.content
    if isinstance(content, Path):
        return ["path", os.fspath(content), item.refusal], b""
    if isinstance(content, np.ndarray):
        return ["array", content.shape, item.refusal], np.ascontiguousarray(content).tobytes()
    return ["bytes" if content is not None else "nothing", None, item.refusal], content or b""


def item_of(header: Any, body: bytes) -> Item:  # noqa: ANN401
    """Return the item of a question, without its name."""
    form, detail, refusal = header
    content = {
        "path": lambda: Path(detail),
        "array": lambda: np.frombuffer(body, np.uint8).reshape(detail),
        "bytes": lambda: body,
        "nothing": lambda: None,
    }[form]()
    return Item("", content, refusal=Refusal(*refusal) if refusal else None)


def answer(found: Finding) -> tuple[Any, bytes]:
    """Return a finding as a frame: small values in the header; thumbnail, colours and pixels in the body."""
    measures = found.measures
    *numbers, thumbnail, colours = measures or (b"", b"")
    header = {
        "values": (found.sha256, found.refusal, found.num_bytes, found.width, found.height, found.format),
        "measures": numbers if measures else None,
        "rights": None if found.rights == NO_RIGHTS else found.rights,
        "sizes": (len(thumbnail), len(colours)),
        "shape": None if found.pixels is None else found.pixels.shape,
    }
    return header, thumbnail + colours + (b"" if found.pixels is None else found.pixels.tobytes())


def finding_of(header: Any, body: bytes) -> Finding:  # noqa: ANN401
    """Return the finding of an answer."""
    sha256, refusal, num_bytes, width, height, name = header["values"]
    thumbnail, rest = header["sizes"][0], sum(header["sizes"])
    numbers, rights, shape = header["measures"], header["rights"], header["shape"]
    return Finding(
        sha256=sha256,
        pixels=None if shape is None else np.frombuffer(body, np.uint8, offset=rest).reshape(shape),
        refusal=Refusal(*refusal) if refusal else None,
        num_bytes=num_bytes,
        width=width,
        height=height,
        format=name,
        measures=None if numbers is None else Measures._make((*numbers, body[:thumbnail], body[thumbnail:rest])),
        rights=NO_RIGHTS if rights is None else Rights._make((*rights[:-1], tuple(rights[-1]))),
    )


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError
    return content
