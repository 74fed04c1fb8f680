"""Dataset folders larger than memory: sparse files of which a few rows are written, or real ones made row by row."""

import json
import math
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np

_ROWS = """
INSERT INTO files (number, source, path, outcome, label, split, row, weight, synthetic, flags)
WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :count)
SELECT i + :first, 'here', i || '.png', 'kept', CASE i % 2 WHEN 0 THEN :even ELSE :odd END, :split, i, 1.0, 0, ''
FROM counted
"""


def grow(folder: Path, count: int, written: int | None = None) -> None:
    """Give the training split of a dataset folder of two classes `count` images of its shape: 0, 1, 0, 1 ... by class.

    The file is sparse but for `written` rows, spread evenly (None: all are); each such row begins with its number.
    """
    card = json.loads((folder / "dataset.json").read_text())
    tests, shape = card["splits"]["test"]["count"], (card["height"], card["width"], card["channels"])
    path = folder / "pixels-train.npy"
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        if written is None:
            write_all(file, count, shape)
        else:
            begin = file.tell()
            file.truncate(begin + count * math.prod(shape))
            for row in np.linspace(0, count - 1, written).astype(np.int64).tolist():
                file.seek(begin + row * math.prod(shape))
                file.write(stamped(np.array([row]), shape).tobytes())
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as database:
        even, odd = card["classes"]
        values = {"even": even, "odd": odd}
        database.execute("DELETE FROM files")
        database.execute(_ROWS, values | {"count": count, "first": 0, "split": "train"})
        database.execute(_ROWS, values | {"count": tests, "first": count, "split": "test"})
        database.commit()
    halves = [[num - num // 2, num // 2] for num in (count, tests)]
    card["splits"] = {
        "train": {"count": count, "per_class": halves[0]},
        "test": {"count": tests, "per_class": halves[1]},
    }
    card["outcomes"]["kept"] = count + tests
    (folder / "dataset.json").write_text(json.dumps(card))


def stamped(rows, shape):
    """Return images [N, H, W, C] that begin with the 8 bytes of their row; the rest is noise of it."""
    words = np.arange(-(-math.prod(shape) // 8), dtype=np.uint64)
    values = rows.astype(np.uint64)[:, None] * np.uint64(2654435761) + words
    values *= np.uint64(0x9E3779B97F4A7C15)
    values[:, 0] = rows
    return np.ascontiguousarray(values).view(np.uint8)[:, : math.prod(shape)].reshape(-1, *shape)


def write_all(file, count, shape, piece=4096):
    """Write `count` stamped images."""
    for first in range(0, count, piece):
        file.write(stamped(np.arange(first, min(count, first + piece), dtype=np.uint64), shape).tobytes())


def numbers_of(images):
    """Return the rows that stamped images begin with."""
    return np.ascontiguousarray(images.reshape(len(images), -1)[:, :8]).view(np.uint64)[:, 0].astype(np.int64)


def resident(pid):
    """Return the resident memory of a process in MiB: of its own, of files."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}
    return found["RssAnon"], found["RssFile"]


def watched(running, log, seconds=0.05):
    """Return (step, own MiB, files' MiB) of a training process while it runs, by what its log holds."""
    found = []
    while running.poll() is None:
        step = log.read_bytes().count(b"\n") if log.exists() else 0
        try:
            found.append((step, *resident(running.pid)))
        except (OSError, KeyError):  # it has just ended
            break
        time.sleep(seconds)
    return found
