"""Folders of files to prepare: CIFAR-10 as PNG files, and photographs of 12 megapixels; both made once and kept."""

import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.store import Dataset
from ganvas.seeds import Stream

PHOTO_SIZE = (4000, 3000)
PHOTO_QUALITY = 90
_SMALLEST_SIDE = 300
_NOISE_SIDE = 1000
_NOISE = 5.0  # standard deviation in grey levels: files as large as those of cameras


def cifar(data_dir: Path, work: Path, num: int) -> Path:
    """Return a folder split/class/name.png of `num` images of CIFAR-10, spread over all classes."""
    every = _once(work / "cifar10", lambda folder: _unpack(data_dir / "cifar10.tar", folder))
    paths = files(every)
    if num >= len(paths):
        return every
    return _once(work / f"cifar10-{num}", lambda folder: _link(every, paths, num, folder))


def photos(data_dir: Path, work: Path, num: int) -> Path:
    """Return a folder of `num` JPEG photographs: those of messy.tar cut to 4:3, enlarged, with a little noise."""
    return _once(work / f"photos-{num}", lambda folder: _enlarge(data_dir / "messy.tar", num, folder))


def files(folder: Path) -> list[Path]:
    """Return all files below a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def described(folder: Path) -> dict[str, Any]:
    """Return how many files a folder has, and their mean size in bytes."""
    sizes = [path.stat().st_size for path in files(folder)]
    return {"num_files": len(sizes), "mean_bytes": statistics.mean(sizes)}


def compared(folder: Path, dataset: Path, loop: Path) -> dict[str, Any]:
    """Return how many images were kept, and their mean difference from those of the loop, in grey levels."""
    prepared, other = Dataset.open(dataset), np.load(loop)
    places = {path.relative_to(folder).as_posix(): place for place, path in enumerate(files(folder))}
    differences = []
    for split in ("train", "test"):
        order = [places[row.path] for row in prepared.rows(split)]
        for start in range(0, len(order), 1000):
            ours = prepared.pixels(split)[start : start + 1000].astype(np.int16)
            differences.append(np.abs(ours - other[order[start : start + 1000]]).mean((1, 2, 3)))
    return {"kept": prepared.card.kept, "difference": float(np.concatenate(differences).mean())}


def _once(folder: Path, make: Callable[[Path], None]) -> Path:
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    sheets = folder.with_name("cifar10-sheets")
    with tarfile.open(archive) as tar:
        tar.extractall(sheets, filter="data")
    subprocess.run([sys.executable, str(sheets / "cifar10" / "unpack.py"), str(folder)], check=True, stdout=sys.stderr)
    shutil.rmtree(sheets)


def _link(every: Path, paths: list[Path], num: int, folder: Path) -> None:
    for index in np.linspace(0, len(paths) - 1, num).astype(int).tolist():
        link = folder / paths[index].relative_to(every)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(paths[index], link)


def _enlarge(archive: Path, num: int, folder: Path) -> None:
    small = list(_small_photos(archive))
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(_enlarge_one, small, folder), range(num), chunksize=4))


def _small_photos(archive: Path) -> Iterator[bytes]:
    """Yield the real photographs of messy.tar, whole and in colour."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isreg() or not member.name.lower().endswith((".jpg", ".jpeg")) or "broken" in member.name:
                continue
            content = tar.extractfile(member).read()  # pyright: ignore[reportOptionalMemberAccess]
            try:
                image = Image.open(io.BytesIO(content))
                image.load()
            except (OSError, ValueError, SyntaxError):
                continue
            if image.mode == "RGB" and image.format == "JPEG" and min(image.size) >= _SMALLEST_SIDE:
                yield content


def _enlarge_one(small: list[bytes], folder: Path, index: int) -> None:
    image = Image.open(io.BytesIO(small[index % len(small)])).convert("RGB")
    place, down, across = Stream(0, "photograph", index).uniform(1, 3)[0].tolist()
    height = image.width * PHOTO_SIZE[1] / PHOTO_SIZE[0]
    top = place * max(image.height - height, 0)
    box = (0, top, image.width, min(top + height, image.height))
    large = np.asarray(image.resize(PHOTO_SIZE, Image.Resampling.LANCZOS, box=box)).astype(np.int16)
    moved = np.roll(_noise(), (int(down * _NOISE_SIDE), int(across * _NOISE_SIDE)), (0, 1))
    large += np.tile(moved, (PHOTO_SIZE[1] // _NOISE_SIDE, PHOTO_SIZE[0] // _NOISE_SIDE))[..., None]
    photo = Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))
    photo.save(folder / f"photo-{index:05d}.jpg", quality=PHOTO_QUALITY)


@cache
def _noise() -> NDArray[np.int16]:
    """Return a field of normal noise [1000, 1000], in grey levels."""
    return np.rint(_NOISE * Stream(0, "noise").normal(_NOISE_SIDE, _NOISE_SIDE)).astype(np.int16)
