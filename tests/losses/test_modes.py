"""The example of modes: its score by hand, and a short game of all objectives."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "modes.py"


def run(*arguments: str) -> list[tuple[str, str, int]]:
    """Return target, objective and number of modes found, for each line that the example prints."""
    done = subprocess.run([sys.executable, EXAMPLE, *arguments], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = re.findall(r"^(.+?) {2,}(.+?) {2,} ?(\d+) of", done.stdout, re.MULTILINE)
    return [(target, objective, int(modes)) for target, objective, modes in rows]


def test_score_by_hand() -> None:
    """400 points at one mode, 3 at another (under 1 %), 97 far from both."""
    example = runpy.run_path(str(EXAMPLE))
    centres = np.array([[0.0, 0.0], [0.5, 0.5]])
    points = np.concatenate([np.zeros((400, 2)), np.full((3, 2), 0.5), np.full((97, 2), -0.9)])
    assert example["score"](points, centres) == (1, 403 / 500)


@pytest.mark.slow
def test_every_objective_plays_and_is_drawn(tmp_path: Path) -> None:
    rows = run("--out", str(tmp_path / "modes.png"), "--steps", "3", "--every")
    assert len(rows) == 2 * 9
    with Image.open(tmp_path / "modes.png") as picture:
        assert picture.size == (9 * 240, 2 * 256)
