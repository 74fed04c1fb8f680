"""The columns of a Parquet file of images: which is the image, which the label, and what the classes are called."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ganvas.data.sources.records import json_of
from ganvas.data.sources.source import readable
from ganvas.errors import DataError, UsageError
from ganvas.extras import install

if TYPE_CHECKING:
    from pyarrow import Field, Schema
    from pyarrow.parquet import ParquetFile

_IMAGES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp")
_LABELS = ("label", "labels", "fine_label", "class", "class_name", "target", "category")
_FACTS = frozenset(
    {"licence", "license", "creator", "author", "artist", "title", "url", "source", "evidence", "page"}
    | {"opt_out", "synthetic", "is_synthetic", "split"}
)


class Columns(NamedTuple):
    """The columns that are read, and the names of the classes where labels are their numbers."""

    image: str
    label: str | None
    names: tuple[str, ...] | None
    wanted: list[str]


@contextmanager
def opened(path: Path) -> Iterator["ParquetFile"]:
    """Yield an opened file, read in small pieces; raise `UsageError` without pyarrow, `DataError` for other files."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError(f"Parquet files are read by pyarrow, which is not installed. {install('data')}") from error
    try:
        file = ParquetFile(path, buffer_size=1 << 18, pre_buffer=False)
    except (ArrowException, OSError, ValueError) as error:
        words = readable(str(error))[:200]
        raise DataError(f"`{path}` is no Parquet file that can be read: {words}. Download or copy it again.") from error
    with file:
        yield file


def columns_of(path: Path) -> Columns:
    """Return the columns of a file; raise `DataError` where none, or more than one, can be the image."""
    with opened(path) as file:
        schema = file.schema_arrow
    features = _features(schema)
    image = _image(path, schema, features)
    label = _label(schema, features, image)
    names = features.get(label, {}).get("names") if label else None
    known = isinstance(names, list) and all(isinstance(name, str) for name in names)
    facts = [name for name in schema.names if name.lower() in _FACTS and name not in (image, label)]
    return Columns(
        image, label, tuple(names) if known and names else None, [image, *([label] if label else []), *facts]
    )


def _image(path: Path, schema: "Schema", features: dict[str, dict[str, Any]]) -> str:
    usable = [field.name for field in schema if _may_be_image(field)]
    declared = [name for name in usable if features.get(name, {}).get("_type") == "Image"]
    named = [name for wanted in _IMAGES for name in usable if name.lower() == wanted]
    structs = [name for name in usable if _is_struct(schema.field(name))]
    chosen = named[:1] or (declared if len(declared) == 1 else []) or (structs if len(structs) == 1 else [])
    if not chosen:
        raise DataError(
            f"`{path}` has no column of images: expected `image`, a struct of `bytes` and `path` or binary; found "
            f"{readable(', '.join(f'{field.name} ({field.type})' for field in schema))[:300]}."
        )
    return chosen[0]


def _label(schema: "Schema", features: dict[str, dict[str, Any]], image: str) -> str | None:
    declared = [name for name in schema.names if features.get(name, {}).get("_type") == "ClassLabel"]
    named = [name for wanted in _LABELS for name in schema.names if name.lower() == wanted and name != image]
    both = [name for name in named if name in declared]
    return next(iter([*both, *(declared if len(declared) == 1 else []), *named]), None)


def _features(schema: "Schema") -> dict[str, dict[str, Any]]:
    """Return what the `datasets` library wrote of the columns; nothing where it did not."""
    value: Any = json_of((schema.metadata or {}).get(b"huggingface", b""))
    for key in ("info", "features"):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return {}
    return {name: feature for name, feature in value.items() if isinstance(feature, dict)}


def _may_be_image(field: "Field[Any]") -> bool:
    from pyarrow import types

    return _is_struct(field) or types.is_binary(field.type) or types.is_large_binary(field.type)


def _is_struct(field: "Field[Any]") -> bool:
    from pyarrow import types

    if not types.is_struct(field.type):
        return False
    inner = {child.name for child in field.type.fields}
    return bool(inner) and inner <= {"bytes", "path"}
