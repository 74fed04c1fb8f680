"""Several sources in one dataset: each with its weight, its licence and its own names for the classes.

A mix file, TOML:

    [[source]]
    path = "photos"        # as `ganvas prepare` takes it; paths are relative to the file
    weight = 2.0           # each image is drawn twice as often as one of weight 1
    licence = "CC0-1.0"    # of images of which nothing else is known
    labels = { tabby = "cat", siamese = "cat" }
"""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ganvas.config import Config, Field
from ganvas.data.sources.source import Item, Source
from ganvas.errors import ConfigurationError, DataError

MIX_SUFFIX = ".toml"


class Part(Config):
    """One source of a mix."""

    path: str = Field(description="A source as `prepare` takes it: a name or a path.")
    weight: float = Field(default=1.0, gt=0, description="How often each image is drawn, beside those of weight 1.")
    licence: str | None = Field(default=None, description="SPDX name, for images of which nothing else is known.")
    num_images: int = Field(default=1000, ge=1, description="Of a trained model: how many images it draws.")
    seed: int = Field(default=0, ge=0, description="Of a trained model: the seed of its images.")
    labels: dict[str, str] = Field(default={}, description="New names of classes; others keep theirs.")

    def items(self, source: Source) -> Iterator[Item]:
        """Yield the items of the opened source under this part's names of classes."""
        for item in source.items():
            yield item._replace(label=self.labels.get(item.label, item.label)) if item.label in self.labels else item


def parts_of(sources: Sequence[str | Path | Part | dict[str, Any]]) -> list[Part]:
    """Return what the user gave as parts: names, paths, mix files (.toml), `Part`s or the like as a dictionary."""
    parts: list[Part] = []
    for source in sources:
        if isinstance(source, Part):
            parts.append(source)
        elif isinstance(source, dict):
            parts.append(Part.read(source, "A source given to `prepare`"))
        elif Path(source).suffix == MIX_SUFFIX and Path(source).expanduser().is_file():
            parts += _read_mix(Path(source).expanduser())
        else:
            parts.append(
                Part(path=f"./{source}" if isinstance(source, Path) and not source.is_absolute() else str(source))
            )
    return parts


def _read_mix(path: Path) -> list[Part]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"`{path}` is not valid TOML: {error}.") from error
    except OSError as error:
        raise DataError(f"`{path}` cannot be read: {error.strerror}.") from error
    sources = content.get("source")
    if not isinstance(sources, list) or not sources or set(content) != {"source"}:
        raise ConfigurationError(f"`{path}` is no mix of sources: it needs one `[[source]]` table for each source.")
    parts = [Part.read(values, f"`{path}`, source {index}") for index, values in enumerate(sources, 1)]
    return [part.override(path=_beside(part.path, path.parent)) for part in parts]


def _beside(source: str, folder: Path) -> str:
    """Return a path of the mix file as seen from here; names of sources stay."""
    there = folder / Path(source).expanduser()
    return str(there) if there.exists() else source
