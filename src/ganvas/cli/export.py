"""`ganvas export SOURCE --to FORMAT --out PLACE`."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress

Format = Literal["model", "image-folder", "parquet", "webdataset", "stylegan"]


def run(arguments: list[str]) -> None:
    """Export a run or a dataset."""
    parse(export, "export", arguments)


def export(
    source: Annotated[Positional[Path], arg(metavar="SOURCE", help="run, model or dataset folder")],
    /,
    out: Annotated[Path, arg(help="folder to make")],
    to: Annotated[Format, arg(help="what to write, see above")] = "model",
) -> None:
    """Write a run or a dataset folder as something to hand on.

    From a run, or a model folder:
      model         safetensors, JSON, a card and sample images

    From a dataset folder; the README.md that is written says how to read each back:
      image-folder  PNG files by split and class, with metadata.jsonl
      parquet       Parquet files, laid out as on the Hugging Face Hub
      webdataset    tar shards for streaming in training
      stylegan      zip files as NVIDIA's StyleGAN code reads them
    """
    from ganvas.workflows.export import export as work

    place = work(source, out, to, progress())
    if to == "model":
        print(f"Model folder: {place}")
    else:
        print(f"Dataset as {to}: {place} ({place / 'README.md'} says how to read it back)")
