"""The images of a tar shard."""

from collections.abc import Iterator
from pathlib import Path

from ganvas.data.sources.archive import content_of
from ganvas.data.sources.source import MAX_FILE_BYTES, Refusal
from ganvas.data.sources.tar_archive import TarArchive
from ganvas.errors import DamagedError


def images(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each PNG member; raise `DamagedError` where the file cannot be read to its end."""
    with TarArchive(path) as archive:
        for member in archive.members():
            if not member.name.endswith(".png"):
                continue
            content = member.refusal or content_of(archive, member, MAX_FILE_BYTES)
            if isinstance(content, Refusal):
                raise DamagedError(f"`{member.name[:200]}` cannot be read: {content.reason}")
            yield member.name, content
        if archive.rest:
            raise DamagedError(f"`{path.name}` cannot be read to its end: {archive.rest.reason}")
