"""`ganvas export SOURCE --to FORMAT --out PLACE`."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError

_MEANT = {
    "html": "web",
    "page": "web",
    "safetensors": "model",
    "huggingface": "hub",
    "docker": "container",
    "folder": "image-folder",
    "png": "image-folder",
    "wds": "webdataset",
}
"""What formats are called elsewhere."""
Format = Literal["model", "onnx", "web", "hub", "container", "image-folder", "parquet", "webdataset", "stylegan"]


def run(arguments: list[str]) -> None:
    """Export a run or a dataset."""
    for name, value in pairwise([part for word in arguments for part in word.split("=", 1)]):
        if name == "--to" and value in _MEANT:
            raise UsageError(f"There is no export format `{value}`. Did you mean `{_MEANT[value]}`?")
    parse(export, "export", arguments)


def export(
    source: Annotated[Positional[Path], arg(metavar="SOURCE", help="run, model or dataset folder")],
    /,
    out: Annotated[Path, arg(help="folder or file to make")],
    to: Annotated[Format, arg(help="what to write, see above")] = "model",
    licence: Annotated[str, arg(help="of the model, such as apache-2.0, where it is given on")] = "",
    title: Annotated[str, arg(help="with web: heading of the page, else the file's name")] = "",
    push: Annotated[str, arg(metavar="USER/NAME", help="with hub: upload it there as well")] = "",
) -> None:
    """Write a run or a dataset folder as something to hand on.

    From a run, or a model folder:
      model         safetensors, JSON, a card and sample images
      onnx          one ONNX file, for other programs and languages (NAME.onnx)
      web           one HTML file that draws in any browser, offline (NAME.html)
      hub           a repository for the Hugging Face Hub: model, ONNX, card
      container     a recipe for a container that serves the model

    From a dataset folder; the README.md that is written says how to read each back:
      image-folder  PNG files by split and class, with metadata.jsonl
      parquet       Parquet files, laid out as on the Hugging Face Hub
      webdataset    tar shards, mixed, for streaming in training
      stylegan      zip files as NVIDIA's StyleGAN code reads them
    """
    from ganvas.workflows.export import export as work

    place = work(source, out, to, progress(), licence, push, title)
    if to in _SAID:
        print(f"{_SAID[to]}: {place}")
    else:
        print(f"Dataset as {to}: {place} ({place / 'README.md'} says how to read it back)")


_SAID = {
    "model": "Model folder",
    "onnx": "ONNX file",
    "web": "Page, open it in a browser",
    "hub": "Repository for the hub",
    "container": "Recipe of a container, see its README.md",
}
