"""Zip files as NVIDIA's StyleGAN2-ADA, StyleGAN3 and EDM code reads them: `train.zip` and `test.zip`.

Inside lie `00000/img00000000.png` and so on, stored uncompressed, and `dataset.json` with a number for each image's
class, or null. Beside each zip, a `.jsonl` says where its images are from. Reading back:

    python train.py --data=FOLDER/train.zip --cond=1 ...   # StyleGAN3's own

    import json, zipfile
    from PIL import Image
    with zipfile.ZipFile("FOLDER/train.zip") as archive:
        labels = dict(json.loads(archive.read("dataset.json"))["labels"])
        picture = Image.open(archive.open("00000/img00000000.png"))

Their networks need square images whose side is a power of two.
"""

import json
import zipfile
from pathlib import Path

from ganvas.data.store import Dataset
from ganvas.exporting.datasets.record import DatasetExport, Record, filled_splits, png_bytes, records
from ganvas.images import ImageShape
from ganvas.progress import Progress

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PNG_LEVEL = 0
"""As their own tool writes: training reads each image many times, and what is not packed is unpacked fastest."""


def write(dataset: Dataset, folder: Path, progress: Progress) -> None:
    """Write `SPLIT.zip` and `SPLIT.jsonl`."""
    if not _trains(dataset.shape):
        progress.say(f"StyleGAN trains on square images whose side is a power of two; these are {dataset.shape}.")
    for split in filled_splits(dataset):
        with (
            zipfile.ZipFile(folder / f"{split}.zip", "w", zipfile.ZIP_STORED) as archive,
            (folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n") as listing,
        ):
            for record in records(dataset, split, progress):
                name = _name(record.number)
                archive.writestr(_member(name), png_bytes(record.pixels, _PNG_LEVEL))
                listing.write(_line(record, name))
            labels = dataset.labels(split)
            pairs = None if labels is None else [[_name(index), int(label)] for index, label in enumerate(labels)]
            description = {"labels": pairs, "classes": list(dataset.classes), "content_hash": dataset.content_hash}
            archive.writestr(_member("dataset.json"), json.dumps(description, ensure_ascii=False).encode())


def _name(index: int) -> str:
    return f"{index:08d}"[:5] + f"/img{index:08d}.png"


def _member(name: str) -> zipfile.ZipInfo:
    """Return the header of a member that was made at no time, and on every system alike."""
    member = zipfile.ZipInfo(name, _FIRST_DAY)
    member.create_system, member.external_attr = _UNIX, 0o644 << 16
    return member


def _line(record: Record, name: str) -> str:
    label = {} if record.label is None else {"label": record.label, "class": record.class_name}
    return json.dumps({"file_name": name, **label, **record.texts}, ensure_ascii=False) + "\n"


def _trains(shape: ImageShape) -> bool:
    return shape.height == shape.width and shape.height.bit_count() == 1


def usage(dataset: Dataset) -> str:
    """Return how the zip files are read back."""
    split = filled_splits(dataset)[0]
    condition = " --cond=1" if dataset.classes else ""
    return f"""```sh
python train.py --data={split}.zip{condition} ...  # of StyleGAN2-ADA, StyleGAN3 or EDM
```

`dataset.json` inside holds the label of each image, and in `classes` the names of the labels.
"""


STYLEGAN = DatasetExport(write, usage)
