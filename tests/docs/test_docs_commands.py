"""The commands and programs of the documents that are marked as runnable, run as a reader would."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import DOCUMENTS, ROOT, Block, files, rows, runnable

from ganvas.images import save_png
from ganvas.progress import Silent

RUN = [document for document in DOCUMENTS if runnable(document)]
SECONDS = 900
SETTINGS = {"training.threads": 1, "training.samples.every": 1}
FEW_STEPS = ["--steps", "3"]
"""Added to trainings that do not say how long they take: a reader's take ten minutes."""


def test_there_are_blocks_to_run() -> None:
    assert {"road.md", "generating.md", "networks.md", "data.md"} <= {document.name for document in RUN}


@pytest.mark.slow
@pytest.mark.parametrize("document", RUN, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_marked_as_runnable_runs(document: Path, place: Path) -> None:
    for made in re.findall(r"--out ((?:data|runs)/\w+)", "".join(block.code for block in runnable(document))):
        shutil.rmtree(place / made, ignore_errors=True)  # what a page makes is not there before
    follow(document, place)
    for block in runnable(document):
        done = run(block, place)
        assert done.returncode == 0, f"{block.code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.slow
def test_a_command_that_fails_is_noticed(place: Path) -> None:
    assert run(Block("sh", "ganvas prepare nowhere --out x --size 8\necho after\n"), place).returncode != 0


@pytest.fixture
def place(tmp_path: Path, photos: Path, runs: Path) -> Path:
    """Return a folder with what a reader has by now: pictures, and what the commands before made of them."""
    for made in (photos, runs):
        subprocess.run(["cp", "-r", f"{made}/.", str(tmp_path)], check=True)
    program = tmp_path / "bin" / "ganvas"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ganvas "$@"\n')
    program.chmod(0o755)
    return tmp_path


def follow(document: Path, place: Path) -> None:
    """Write the files, and the rows of tables, that a document tells its reader to write."""
    if rows(document):
        shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files(document).items():
        (place / name).write_text(text, encoding="utf-8")
    for name, text in rows(document).items():
        table = (place / name).read_text(encoding="utf-8")
        assert table.endswith("\n}\n")
        (place / name).write_text(table.removesuffix("}\n") + text + "}\n", encoding="utf-8")


def run(block: Block, place: Path) -> subprocess.CompletedProcess[str]:
    if block.language == "python":
        command = [sys.executable, "-c", block.code]
    else:
        assert block.language == "sh", block.language
        lines = [short(line) for line in block.code.splitlines() if not line.startswith("pip ")]
        command = ["/bin/sh", "-eu", "-c", "\n".join(lines)]
    environment = os.environ | {"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    if (place / "src").is_dir():  # a reader's own copy, with what the document added to it
        environment["PYTHONPATH"] = str(place / "src")
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=SECONDS)


def short(line: str) -> str:
    """Return a command line, a training that does not say how long with a few steps."""
    words = shlex.split(line, comments=True)
    said = {"--steps", "--minutes", "--epochs", "--plan"} & set(words)
    return shlex.join([*words, *FEW_STEPS]) if words[:2] == ["ganvas", "train"] and not said else line


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of twelve noisy pictures, the same as an archive and as a flat folder, and one alone."""
    folder = tmp_path_factory.mktemp("reader")
    draws = np.random.default_rng(0)
    for number, name in enumerate(["bright", "dark"]):
        for index in range(12):
            pixels = draws.integers(100 * number, 100 * number + 100, (40, 48, 3)).astype(np.uint8)
            for parent in (folder / "photos" / name, folder / "old-photos"):
                parent.mkdir(parents=True, exist_ok=True)
                save_png(parent / f"{name}{index}.png", pixels)
    save_png(folder / "me.jpg", pixels)
    subprocess.run([sys.executable, "-m", "zipfile", "-c", "classes.zip", "photos"], cwd=folder, check=True)
    subprocess.run(["tar", "-cf", "emoji.tar", "photos"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """Datasets and runs of a few steps: `photos`, and the digits with their ten classes."""
    from ganvas.workflows.prepare import prepare
    from ganvas.workflows.train import train

    folder = tmp_path_factory.mktemp("made")
    for name, source in {"photos": photos / "photos", "digits": "digits"}.items():
        data = prepare(source, out=folder / "data" / name, size=16, progress=Silent())
        train("compact", data, folder / "runs" / name, steps=3, progress=Silent(), **SETTINGS)
    for name in "abc":
        shutil.copytree(folder / "runs" / "photos", folder / "runs" / name)
    return folder
