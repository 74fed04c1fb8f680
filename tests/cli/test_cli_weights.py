"""`ganvas weights`: what there is to get, whether it is here, and mistakes in one message."""

import pytest

from ganvas.cli.main import main
from ganvas.metrics.weights import WEIGHTS


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("GANVAS_WEIGHTS", raising=False)
    return tmp_path / "ganvas" / "weights"


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["weights", *arguments])
    return ended.value.code


def test_the_list_says_what_is_published_and_whether_it_is_here(cache, capsys):
    assert run() == 0
    told = capsys.readouterr().out
    for features, (file, mirrors, _) in WEIGHTS.items():
        for part in (features, file.name, f"{file.num_bytes:,} bytes", file.sha256, f"from {mirrors[0]}"):
            assert part in told
    cache.mkdir(parents=True)
    path = cache / WEIGHTS["inception"].file.name
    path.write_bytes(b"")
    assert run() == 0
    assert f"at {path}" in capsys.readouterr().out


def test_a_wrong_file_is_told_and_left_as_it_is(cache, capsys):
    cache.mkdir(parents=True)
    path = cache / WEIGHTS["inception"].file.name
    path.write_bytes(b"mine")
    assert run("inception") == 1
    assert f"ganvas: `{path}` is not the Inception of 2015-12-05" in capsys.readouterr().err
    assert path.read_bytes() == b"mine"


def test_a_name_without_download_is_told(cache, capsys):
    assert run("dinov2") == 1
    assert "There is no download for the features `dinov2`." in capsys.readouterr().err
    assert not cache.exists()
