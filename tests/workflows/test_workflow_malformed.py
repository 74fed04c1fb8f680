"""Ten thousand malformed files: none stops the run, each has its row and reason, and every engine agrees."""

import re
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from malformed import KINDS, malformed
from PIL import Image

from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.prepare import prepare

NUM_SOUND = 30
WAYS = {
    "here": {"engine": "here"},
    "again": {"engine": "here"},
    "one": {"workers": 1},
    "two": {"workers": 2},
    "four": {"workers": 4},
}


def sound(folder):
    for index in range(NUM_SOUND):
        values = Stream(0, "sound", index).integers(40 * 30 * 3, 256).astype("uint8").reshape(30, 40, 3)
        Image.fromarray(values).save(folder / f"sound-{index:02}.png")


def ledger(folder):
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as database:
        columns = "path, outcome, kind, reason, sha256, place"
        return database.execute(f"SELECT {columns} FROM files ORDER BY number").fetchall()


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def table(rows):
    """Return a line for each kind of file and each outcome, as Markdown."""
    counts = Counter(
        (path.rpartition("-")[0], outcome if outcome != "refused" else f"refused: {kind}")
        for path, outcome, kind, *_ in rows
    )
    columns = sorted({column for _, column in counts})
    lines = [f"| kind | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for kind in sorted({kind for kind, _ in counts}):
        cells = (str(counts[kind, column] or "") for column in columns)
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("count", "ways"),
    [
        (540, ("here", "two")),
        pytest.param(10_000, tuple(WAYS), marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
def test_malformed_files_cost_nothing_but_themselves(tmp_path, count, ways):
    photos = tmp_path / "photos"
    photos.mkdir()
    sound(photos)
    written = dict(malformed(count, seed=20))
    for name, content in written.items():
        (photos / name).write_bytes(content)
    expected = None
    for way in ways:
        dataset = prepare(
            photos, out=tmp_path / way / "set", size=32, channels=4, progress=Silent(), **WAYS[way], fit="pad"
        )
        files = files_of(dataset.folder)
        assert files.keys() >= {"dataset.json", "manifest.sqlite", "manifest.json", "report.html", "pixels-train.npy"}
        expected = expected or files
        assert [name for name in files if files[name] != expected[name]] == [], way
        assert files.keys() == expected.keys()
    rows = ledger(dataset.folder)
    expect_accounted(rows, written)
    outcomes = Counter(outcome for _, outcome, *_ in rows)
    assert dict(outcomes) == {name: num for name, num in dataset.card.outcomes.items() if num}
    assert {path for path, outcome, *_ in rows if outcome == "kept"} >= {f"sound-{i:02}.png" for i in range(NUM_SOUND)}
    print(table(rows))


def expect_accounted(rows, written):
    """Check one row for each file, in order, and a reason wherever a file is not kept."""
    assert [row[0] for row in rows] == sorted([*written, *(f"sound-{index:02}.png" for index in range(NUM_SOUND))])
    assert {row[0].rpartition("-")[0] for row in rows} == {*KINDS, "sound"}
    for path, outcome, kind, reason, sha256, place in rows:
        assert len(sha256) == 64
        assert (outcome == "kept") == (kind is None) == (reason is None), path
        assert (outcome == "refused") == (place is None), path
        assert outcome == "kept" or (kind.islower() and reason.endswith((".", ". "))), (path, kind, reason)
        assert not re.search(r" at 0x|Error|Traceback", reason or ""), (path, reason)
