"""The README of an exported dataset: what it holds, from where, under which licences, how to read it back."""

import json
from collections import Counter
from typing import Any

from ganvas.data.rights.attribution import escaped
from ganvas.data.store import Dataset
from ganvas.exporting.datasets.record import FACTS, DatasetExport, filled_splits
from ganvas.exporting.front_matter import yaml_lines

_HUB_LICENCES = frozenset(
    {"apache-2.0", "mit", "openrail", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause"}
    | {"cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"}
    | {"cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"}
    | {"cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "pddl", "odc-by", "odbl", "gfdl", "unlicense", "wtfpl"}
)
"""Names that the Hub accepts of those that images come under; the SPDX names in lower case."""

_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}


def dataset_card(dataset: Dataset, export: DatasetExport) -> str:
    """Return the card as Markdown, with the YAML header that the Hub and `datasets` read."""
    licences = licence_counts(dataset)
    title = _title(dataset)
    return f"""---
{_header(dataset, export, title, licences)}---

# {escaped(title)}

{dataset.shape} images{f" of {dataset.num_classes} classes" if dataset.classes else ", without classes"}.

| split | images |
|---|---|
{"".join(f"| {split} | {dataset.count(split):,} |{chr(10)}" for split in filled_splits(dataset))}
## Reading it back

{export.usage(dataset)}
## Where the images are from

| source | licence | images |
|---|---|---|
{"".join(_source_row(source.origin, source.licence, source.kept) for source in dataset.card.sources)}
Licences image by image: {_in_words(licences)}.

What is known of each image lies beside it: {", ".join(f"`{name}`" for name in FACTS)}. `sha256` is that of the original
file.

## How it was made

By Ganvas, which decoded, framed and resized the original files; the pixels here are
exactly those of the dataset folder with the content hash `{dataset.content_hash}`.

```json
{json.dumps(dataset.card.preprocessing.plain(), indent=2, ensure_ascii=False)}
```
"""


def licence_counts(dataset: Dataset) -> Counter[str]:
    """Return how many images come under each licence; "" where it is unknown."""
    return Counter(row.licence or "" for split in filled_splits(dataset) for row in dataset.rows(split))


def _header(dataset: Dataset, export: DatasetExport, title: str, licences: Counter[str]) -> str:
    """Return the metadata as YAML, each value written as JSON, which YAML contains."""
    values: dict[str, Any] = {
        "pretty_name": title,
        **_hub_licence(licences),
        "task_categories": ["unconditional-image-generation", *(["image-classification"] if dataset.classes else [])],
        "size_categories": [_size_category(sum(dataset.count(split) for split in filled_splits(dataset)))],
        "tags": ["ganvas"],
        "content_hash": dataset.content_hash,
    }
    if export.hub_files:
        values["configs"] = [_configuration(dataset, export.hub_files)]
    if export.has_columns:
        values["dataset_info"] = {"features": _features(dataset)}
    return yaml_lines(values)


def _configuration(dataset: Dataset, hub_files: str) -> dict[str, Any]:
    """Return which files are which split.

    The description keeps the cache of `datasets` honest: it knows a local folder by its name and this entry only.
    """
    files = [{"split": split, "path": hub_files.format(split=split)} for split in filled_splits(dataset)]
    return {"config_name": "default", "description": f"content hash {dataset.content_hash}", "data_files": files}


def _features(dataset: Dataset) -> list[dict[str, Any]]:
    names = {str(label): name for label, name in enumerate(dataset.classes)}
    label = [{"name": "label", "dtype": {"class_label": {"names": names}}}] if names else []
    return [{"name": "image", "dtype": "image"}, *label, *({"name": name, "dtype": FACTS[name]} for name in FACTS)]


def _hub_licence(licences: Counter[str]) -> dict[str, Any]:
    names = sorted(licences)
    if names == [""]:
        return {"license": "unknown"}
    known = [name.lower() for name in names]
    if _HUB_LICENCES.issuperset(known):
        return {"license": known[0] if len(known) == 1 else known}
    return {"license": "other", "license_name": "see-below"}


def _size_category(count: int) -> str:
    return next((name for limit, name in _SIZES.items() if count < limit), "n>10M")


def _title(dataset: Dataset) -> str:
    """Return a title of the sources' origins; not of the folder, which is called differently everywhere."""
    sources = dataset.card.sources
    names = dict.fromkeys(source.reader if "://" in source.origin else source.origin for source in sources)
    return f"Images of {' and '.join(names)}"


def _source_row(origin: str, licence: str | None, kept: int) -> str:
    return f"| {escaped(origin)} | {escaped(licence or 'unknown')} | {kept:,} |\n"


def _in_words(licences: Counter[str]) -> str:
    counts = sorted(licences.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{escaped(name or 'unknown')} ({count:,})" for name, count in counts[:20])
    return shown + (f" and {len(counts) - 20} more" if len(counts) > 20 else "")
