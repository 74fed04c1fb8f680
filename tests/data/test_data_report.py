"""The report of a dataset says what to do about what it found, and how to see all of it."""

import html
import re
import shlex
import subprocess
import sys

import pytest
from PIL import Image

from ganvas.data.quality import FLAGS
from ganvas.data.report.advice import WHAT_TO_DO
from ganvas.progress import Silent
from ganvas.workflows.prepare import prepare


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Twelve images of noise, and thirty of one grey each."""
    photos = tmp_path_factory.mktemp("photos")
    for number in range(12):
        Image.effect_noise((8, 8), 50 + number).save(photos / f"noise{number}.png")
    for number in range(30):
        Image.new("L", (8, 8), 8 * number).save(photos / f"grey{number}.png")
    return prepare(photos, out=photos.with_name("set"), size=8, progress=Silent())


def test_a_command_of_the_report_shows_what_it_leaves_out(dataset):
    text = (dataset.folder / "report.html").read_text("utf-8")
    section = text.partition("<summary>blank: 30")[2]
    command = html.unescape(re.findall(r"and 6 more\..*?<code>(.*?)</code>", section)[0])
    words = [sys.executable, *shlex.split(command)[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=dataset.folder)
    listed = done.stdout.splitlines()
    assert sum(line.startswith("grey") and "blank" in line for line in listed) == 30
    assert len(listed) == sum(1 for _ in dataset.unusual())


def test_each_thing_that_may_be_unusual_has_a_sentence_on_what_to_do(dataset):
    assert set(FLAGS) <= set(WHAT_TO_DO)
    text = (dataset.folder / "report.html").read_text("utf-8")
    assert "Leave them out with <code>--blank drop</code>: there is nothing to learn from them." in text
    assert "fingerprint" in text
