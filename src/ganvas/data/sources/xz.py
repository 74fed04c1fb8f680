"""An .xz file as a stream that only goes forwards, with a memory limit, which `lzma.LZMAFile` has not."""

import lzma
from pathlib import Path

_MAX_MEMORY = 256 * 2**20
_CHUNK = 1 << 18


class XzFile:
    """Reads the unpacked content of an .xz file; raises `lzma.LZMAError` and `EOFError` as the standard library does.

    The header of a hostile file can ask for a dictionary of 4 GiB; `xz -9` asks for 65 MiB.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        self.stream = _new_stream()
        self.position = 0

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end."""
        parts, missing = [], count
        while missing > 0 and (part := self._more(missing)):
            parts.append(part)
            missing -= len(part)
        content = b"".join(parts)
        self.position += len(content)
        return content

    def seek(self, position: int) -> int:
        """Move forwards to a place in the unpacked content, at most to its end."""
        while self.position < position and self.read(min(_CHUNK, position - self.position)):
            pass
        return self.position

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _more(self, limit: int) -> bytes:
        """Return up to `limit` more bytes; nothing at the end of the file."""
        while True:
            packed = b""
            if self.stream.eof:
                packed = self._next_stream()
                if not packed:
                    return b""
                self.stream = _new_stream()
            elif self.stream.needs_input and not (packed := self.file.read(_CHUNK)):
                raise EOFError("it ends before the end of its packed content")
            if part := self.stream.decompress(packed, limit):
                return part

    def _next_stream(self) -> bytes:
        """Return the first bytes of the stream after this one, the zeros between them left out."""
        packed = self.stream.unused_data.lstrip(b"\0")
        while not packed and (chunk := self.file.read(_CHUNK)):
            packed = chunk.lstrip(b"\0")
        return packed


def _new_stream() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_MEMORY)
