"""What to type next begins with what was typed."""

import pytest

from ganvas.cli.invocation import VARIABLE, program
from ganvas.cli.main import main


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main(list(words))
    told = capsys.readouterr()
    return told.out + told.err


def test_lines_to_type_begin_as_the_script_was_called(capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, "./run")
    assert "See `./run --help`." in shown(capsys, "preprae")
    assert "usage: ./run VERB" in shown(capsys, "--help")
    page = shown(capsys, "prepare", "--help")
    assert page.startswith("usage: ./run prepare ")
    assert "\n  ./run prepare photos/ --out data/photos" in page


def test_without_the_script_they_begin_with_ganvas(capsys, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "See `ganvas --help`." in shown(capsys, "preprae")
    assert "\n  ganvas prepare photos/ --out data/photos" in shown(capsys, "prepare", "--help")


def test_a_place_with_a_space_can_be_typed(monkeypatch):
    monkeypatch.setenv(VARIABLE, "/a place/run")
    assert program() == "'/a place/run'"
