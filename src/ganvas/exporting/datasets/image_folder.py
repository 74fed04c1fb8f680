"""PNG files in split/class sub-folders, with a `metadata.jsonl` per split.

The layout is Hugging Face's ImageFolder; torchvision's `ImageFolder` and `ganvas prepare` read it too:

    from datasets import load_dataset
    data = load_dataset("FOLDER")  # image, label and facts of every image

    from torchvision.datasets import ImageFolder
    data = ImageFolder("FOLDER/train")

    ganvas prepare FOLDER --out data/again --size 32

What is not known is an empty text. `datasets` guesses the type of a column from its texts, split by split, and takes
one that holds nothing but dates for times: where titles are dates, Parquet is the safer choice.
"""

import json
import re
import unicodedata
from pathlib import Path

from ganvas.data.store import Dataset
from ganvas.exporting.datasets.record import DatasetExport, Record, filled_splits, png_bytes, records
from ganvas.progress import Progress

METADATA = "metadata.jsonl"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]|^\.|^ |[. ]$')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_MAX_NAME_BYTES = 200


def write(dataset: Dataset, folder: Path, progress: Progress) -> None:
    """Write `SPLIT/CLASS/00000000.png` (no CLASS where there are none) and `SPLIT/metadata.jsonl`."""
    below = dict(zip(dataset.classes, folder_names(dataset.classes), strict=True))
    for split in filled_splits(dataset):
        for name in below.values() or [""]:
            (folder / split / name).mkdir(parents=True)
        with (folder / split / METADATA).open("w", encoding="utf-8", newline="\n") as metadata:
            for record in records(dataset, split, progress):
                place = f"{below[record.class_name]}/" if record.class_name is not None else ""
                file_name = f"{place}{record.number:08d}.png"
                (folder / split / file_name).write_bytes(png_bytes(record.pixels))
                metadata.write(_line(record, file_name))


def folder_names(classes: tuple[str, ...]) -> list[str]:
    """Return a folder name for each class: its own, save for characters that some file system refuses.

    Those become %XX. Names that differ in case or composition only are told apart by a number.
    """
    names: list[str] = []
    taken: set[str] = set()
    for name in classes:
        plain = candidate = _folder_name(name)
        number = 1
        while _folded(candidate) in taken:
            number += 1
            candidate = f"{plain}_{number}"
        taken.add(_folded(candidate))
        names.append(candidate)
    return names


def _folder_name(name: str) -> str:
    if _DEVICES.fullmatch(name):
        return f"{name}_"
    safe = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name) or "_"
    return safe.encode()[:_MAX_NAME_BYTES].decode(errors="ignore")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _line(record: Record, file_name: str) -> str:
    label = {} if record.class_name is None else {"label": record.class_name}
    return json.dumps({"file_name": file_name, **label, **record.texts}, ensure_ascii=False) + "\n"


def usage(dataset: Dataset) -> str:
    """Return how the folder is read back."""
    _, height, width = dataset.shape
    split = filled_splits(dataset)[0]
    names = json.dumps(dataset.classes, ensure_ascii=False)
    numbered = f'\ndata = data.cast_column("label", ClassLabel(names={names}))' if dataset.classes else ""
    return f"""```python
from datasets import ClassLabel, load_dataset

data = load_dataset("imagefolder", data_dir=".", split="{split}"){numbered}
picture = data[0]["image"]
```

`torchvision.datasets.ImageFolder("{split}")` reads it too, and so does
`ganvas prepare . --out PLACE --size {height if height == width else f"{width}x{height}"}`.
"""


IMAGE_FOLDER = DatasetExport(write, usage, hub_files="{split}/**")
