"""The page of every table of the project: what there is of each kind, a line each."""

from importlib import import_module

from markup import escaped, table

TABLES = {
    "Sources of images": ("ganvas.data.sources", "SOURCES", "where images come from: `ganvas prepare NAME`"),
    "Collectors": ("ganvas.data.collecting", "COLLECTORS", "where `ganvas collect` asks"),
    "Operations": ("ganvas.data.operations", "OPERATIONS", "edits of stored images: `prepare --operations`"),
    "Scalings": ("ganvas.data.scaling", "SCALINGS", "how bytes become numbers: `prepare --scaling`"),
    "Engines": ("ganvas.data.engines", "ENGINES", "what runs the decoding: `prepare --engine`"),
    "Families of networks": ("ganvas.models", "MODELS", "what recipes are built on"),
    "Augmentations": ("ganvas.augment", "AUGMENTATIONS", "what is done to images before D sees them"),
    "Metrics": ("ganvas.metrics", "METRICS", "`evaluate --metrics`"),
    "Feature networks": ("ganvas.metrics", "FEATURES", "by whose eyes is measured: `evaluate --features`"),
    "Benchmarks": ("ganvas.workflows.benchmarks", "BENCHMARKS", "`compare --benchmark`"),
    "Exports of models": ("ganvas.exporting.models", "MODEL_EXPORTS", "`export RUN --to NAME`"),
    "Exports of datasets": ("ganvas.exporting.datasets", "DATASET_EXPORTS", "`export DATASET --to NAME`"),
}
"""Heading: module, name of the table, what its names are for."""


def tables_page() -> str:
    """Return the page: a section for each table."""
    text = "# What there is, table by table\n\nEvery name that an option takes, as the program lists it.\n"
    for heading, (module, name, use) in TABLES.items():
        rows = getattr(import_module(module), name)
        shown = [(f"`{key}`", escaped(entry.summary)) for key, entry in rows.items()]
        text += f"\n## {heading}\n\n{use[:1].upper()}{use[1:]}.\n\n{table(['name', 'what it is'], shown)}"
    return text
