"""The workspace: what lies in its folders, names that are refused, what pages remember."""

import json
import shutil
import threading

import pytest

from ganvas.errors import UsageError
from ganvas.studio.previews import grids_of, images_of
from ganvas.studio.run_settings import differing
from ganvas.studio.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def test_datasets_runs_and_broken_ones_are_listed(workspace, digits_at, finished_run):
    shutil.copytree(digits_at(8), workspace.folder / "data" / "digits")
    shutil.copytree(finished_run, workspace.folder / "runs" / "first")
    for kind, file in (("data", "dataset.json"), ("runs", "config.json"), ("models", "model.json")):
        (workspace.folder / kind / "broken").mkdir()
        (workspace.folder / kind / "broken" / file).write_text("[]")
    datasets = {item.name: item for item in workspace.datasets()}
    assert datasets["digits"].dataset.num_classes == 10
    assert datasets["broken"].dataset is None
    assert datasets["broken"].problem
    runs = {item.name: item for item in workspace.runs()}
    first = runs["first"]
    assert (first.recipe, first.step, first.steps, first.has_checkpoint) == ("mlp_gan", 6, 6, True)
    assert first.image_shape == (1, 8, 8)
    assert 0 <= first.last["equilibrium"] <= 1
    assert runs["broken"].problem
    assert workspace.models()[0].problem
    with pytest.raises(UsageError, match="no run `second`"):
        workspace.run("second")


def test_pictures_of_datasets_and_runs(digits_at, finished_run):
    from ganvas.data.store import Dataset

    pictures = images_of(Dataset.open(digits_at(8)), 5)
    assert len(pictures) == 5
    assert all(address.startswith("data:image/png;base64,") and len(name) == 1 for address, name in pictures)
    assert [path.name for path in grids_of(finished_run)] == ["00000003.png", "00000006.png"]
    assert grids_of(finished_run / "nowhere") == []


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "x" * 65, "a\0", "x.unfinished", "ü"])
def test_names_that_could_be_elsewhere_are_refused(workspace, name):
    with pytest.raises(UsageError, match="cannot be a name"):
        workspace.place("runs", name)


def test_free_names_are_plain_and_free(workspace):
    assert workspace.free_name("data", "My Photos (2026)!") == "my-photos-2026"
    (workspace.folder / "data" / "cats").mkdir()
    assert workspace.free_name("data", "cats") == "cats-2"
    assert workspace.free_name("data", "///") == "new"
    with pytest.raises(UsageError, match="already"):
        workspace.place("data", "cats")


def test_notes_are_kept_together_forgotten_by_none_and_survive_damage(workspace):
    threads = [threading.Thread(target=workspace.note, args=("train",), kwargs={f"n{i}": i}) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Workspace(workspace.folder).notes("train") == {f"n{i}": i for i in range(20)}
    workspace.note("train", n3=None)
    assert "n3" not in workspace.notes("train")
    (workspace.folder / "notes" / "train.json").write_text("{")
    assert workspace.notes("train") == {}


def test_the_source_within_an_upload(workspace):
    upload = workspace.folder / "uploads" / "photos-1"
    (upload / "photos" / "cats").mkdir(parents=True)
    assert workspace.source_of(upload) == "uploads/photos-1/photos"
    (upload / "more.zip").write_bytes(b"")
    assert workspace.source_of(upload) == "uploads/photos-1"
    single = workspace.folder / "uploads" / "one"
    single.mkdir()
    (single / "a.zip").write_bytes(b"")
    assert workspace.source_of(single) == "uploads/one/a.zip"
    (single / "a.zip").rename(single / "a.png")
    assert workspace.source_of(single) == "uploads/one"
    assert {name for name, _ in workspace.uploads()} == {"photos-1", "one"}


def test_settings_that_differ_between_runs(run_copy, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run_copy, other)
    assert differing([run_copy, other]) == {}
    config = json.loads((other / "config.json").read_text())
    config["recipe"]["training"]["seed"] = 5
    (other / "config.json").write_text(json.dumps(config))
    assert differing([run_copy, other]) == {"training.seed": [0, 5]}
