"""Parquet files in the layout of the Hugging Face Hub: `data/train-00000-of-00001.parquet` and so on.

Each row has `image` (a struct of the PNG's bytes and its path), `label` where there are classes, and the facts of its
origin. Reading back:

    from datasets import load_dataset
    data = load_dataset("FOLDER")
    data = load_dataset("parquet", data_files={"train": "FOLDER/data/train-*.parquet"})

    import pandas, io
    from PIL import Image
    rows = pandas.read_parquet("FOLDER/data/train-00000-of-00001.parquet")
    picture = Image.open(io.BytesIO(rows.image[0]["bytes"]))

By the index `shards.json` beside them `ganvas train` reads them from where they lie.
"""

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.errors import UsageError
from ganvas.exporting.datasets.record import (
    FACTS,
    DatasetExport,
    Record,
    filled_splits,
    num_shards,
    png_bytes,
    records,
)
from ganvas.exporting.datasets.shard_index import write_index
from ganvas.extras import install
from ganvas.progress import Progress

if TYPE_CHECKING:
    import pyarrow

MAX_SHARD_BYTES = 500 * 10**6
"""Of uncompressed pixels; the Hub's own shards are of this size."""

_GROUP_ROWS = 1000
_GROUP_BYTES = 1 << 25


def write(dataset: Dataset, folder: Path, progress: Progress, max_shard_bytes: int = MAX_SHARD_BYTES) -> None:
    """Write `data/SPLIT-NNNNN-of-NNNNN.parquet`, the shards of a split about equally long."""
    schema = _schema(dataset)
    (folder / "data").mkdir()
    found: dict[Split, list[tuple[str, int]]] = {}
    for split in filled_splits(dataset):
        found[split] = []
        count = min(num_shards(dataset, split, max_shard_bytes), dataset.count(split))
        images = records(dataset, split, progress)
        for shard in range(count):
            path = folder / "data" / f"{split}-{shard:05d}-of-{count:05d}.parquet"
            start, stop = (dataset.count(split) * part // count for part in (shard, shard + 1))
            found[split].append((path.relative_to(folder).as_posix(), stop - start))
            _write_shard(path, schema, itertools.islice(images, stop - start), _rows_per_group(dataset))
        assert next(images, None) is None
    write_index(dataset, folder, "parquet", found)


def _write_shard(path: Path, schema: "pyarrow.Schema", images: Iterator[Record], rows_per_group: int) -> None:
    pyarrow = _pyarrow()
    from pyarrow.parquet import ParquetWriter

    columns: Any = list(FACTS)  # the stubs know only the switch for all columns
    with ParquetWriter(path, schema, use_dictionary=columns, write_statistics=columns) as writer:
        while rows := [_row(record) for record in itertools.islice(images, rows_per_group)]:
            writer.write_table(pyarrow.Table.from_pylist(rows, schema), row_group_size=len(rows))


def _row(record: Record) -> dict[str, Any]:
    image = {"bytes": png_bytes(record.pixels), "path": f"{record.number:08d}.png"}
    label = {} if record.label is None else {"label": record.label}
    return {"image": image, **label, **record.facts}


def _rows_per_group(dataset: Dataset) -> int:
    return max(1, min(_GROUP_ROWS, _GROUP_BYTES // math.prod(dataset.shape)))


def _schema(dataset: Dataset) -> "pyarrow.Schema":
    """Return the columns; their metadata tells readers of the Hub what is an image, and the names of the classes."""
    pyarrow = _pyarrow()
    types = {"string": pyarrow.string(), "bool": pyarrow.bool_()}
    fields = [("image", pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]))]
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    if dataset.classes:
        fields.append(("label", pyarrow.int64()))
        features["label"] = {"names": list(dataset.classes), "_type": "ClassLabel"}
    fields += [(name, types[kind]) for name, kind in FACTS.items()]
    features |= {name: {"dtype": kind, "_type": "Value"} for name, kind in FACTS.items()}
    metadata = {
        "huggingface": json.dumps({"info": {"features": features}}),
        "ganvas": json.dumps({"content_hash": dataset.content_hash}),
    }
    return pyarrow.schema(fields, metadata)


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
    except ImportError as error:
        raise UsageError(f"Parquet files are written by pyarrow, which is not installed. {install('data')}") from error
    return pyarrow


def usage(dataset: Dataset) -> str:
    """Return how the files are read back."""
    split = filled_splits(dataset)[0]
    named = '\nname = data.features["label"].int2str(data[0]["label"])' if dataset.classes else ""
    return f"""```python
from datasets import load_dataset

data = load_dataset("parquet", data_dir=".", split="{split}")
picture = data[0]["image"]{named}
```

Without the library: `pandas.read_parquet` gives the PNG files in `row["image"]["bytes"]`.
"""


PARQUET = DatasetExport(write, usage, hub_files="data/{split}-*", has_columns=True)
