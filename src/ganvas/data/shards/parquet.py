"""The images of a Parquet shard."""

from collections.abc import Iterator
from pathlib import Path

from ganvas.data.sources.parquet import MAX_GROUP_BYTES
from ganvas.data.sources.parquet_schema import opened
from ganvas.errors import DamagedError

_ROWS = 64


def images(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield number and bytes of the image of each row; raise `DamagedError` where that cannot be read."""
    from pyarrow import ArrowException

    with opened(path) as file:
        groups = [file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups)]
        if max(groups, default=0) > MAX_GROUP_BYTES:
            raise DamagedError(f"`{path.name}` has a row group above {MAX_GROUP_BYTES >> 20} MiB; write smaller ones.")
        row = 0
        try:
            for batch in file.iter_batches(_ROWS, columns=["image.bytes"], use_threads=False):
                for image in batch.column("image").to_pylist():
                    yield f"row {row}", image["bytes"]
                    row += 1
        except (ArrowException, OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"Row {row} of `{path.name}` cannot be read: {str(error)[:200]}.") from error
