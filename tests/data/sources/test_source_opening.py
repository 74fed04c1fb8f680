"""From a name or a path to a source, and the advice when there is none."""

import numpy as np
import pytest
from PIL import Image

from ganvas.data.sources import SOURCES
from ganvas.data.sources.opening import check_source, open_source
from ganvas.data.sources.source import Reader
from ganvas.errors import DataError, UsageError
from ganvas.progress import Silent


class Said(Silent):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def say(self, message: str) -> None:
        self.messages.append(message)


@pytest.mark.parametrize("row", SOURCES)
def test_rows_load(row):
    assert isinstance(SOURCES[row].load(), Reader)
    assert SOURCES[row].summary


def test_digits_are_scaled_to_bytes():
    source = open_source("digits", None, Silent())
    items = list(source.items())
    assert len(items) == source.total == 1797
    assert source.licence == "CC-BY-4.0"
    pixels = np.stack([item.content for item in items])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (1797, 8, 8)
    assert {int(value) for value in np.unique(pixels)} == {round(value * 255 / 16) for value in range(17)}
    assert sorted({item.label for item in items}) == [str(digit) for digit in range(10)]


def test_name_wins_over_a_folder_of_that_name_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    said = Said()
    assert open_source("digits", None, said).reader == "digits"
    assert "./digits" in said.messages[0]
    assert open_source("./digits", None, said).reader == "folder"
    assert open_source(tmp_path / "digits", None, said).reader == "folder"


def test_close_match_among_names():
    with pytest.raises(UsageError, match="Did you mean `digits`"):
        open_source("digts", None, Silent())


def test_close_match_among_paths(tmp_path):
    (tmp_path / "kittens").mkdir()
    with pytest.raises(UsageError, match=r"Did you mean `.*kittens`"):
        open_source(str(tmp_path / "kitens"), None, Silent())


@pytest.mark.parametrize("name", ["nothing/like/it", "x" * 5000, "a\0b", ""])
def test_strange_names_are_told(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="There is no source"):
        open_source(name, None, Silent())


@pytest.mark.parametrize("row", ["idx", "folder"])
def test_rows_that_read_files_ask_for_a_path(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="give the path"):
        open_source(row, None, Silent())


def test_a_single_picture_is_told_what_can_be_read(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "one.png")
    with pytest.raises(DataError, match="a folder of images"):
        open_source(tmp_path / "one.png", None, Silent())


def test_a_source_is_checked_from_a_folder_without_being_opened(tmp_path):
    (tmp_path / "photos").mkdir()
    for good in ("digits", "photos", str(tmp_path / "photos")):
        check_source(good, tmp_path)
    for wrong in ("photoz", "", "~nobody-of-that-name/x", "folder"):
        with pytest.raises(UsageError, match=r"There is no source|reads files"):
            check_source(wrong, tmp_path)
    with pytest.raises(UsageError, match=r"Did you mean `.*photos`"):
        check_source("photoz", tmp_path)
