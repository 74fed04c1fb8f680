"""Favourites: kept as how they were made, drawn anew to the pixel, walked between; on the command line too."""

import numpy as np
import pytest
from PIL import Image
from small import FAMILIES

from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.progress import Silent
from ganvas.provenance import provenance_of
from ganvas.workflows.again import picture_of
from ganvas.workflows.explore import explore
from ganvas.workflows.export import export
from ganvas.workflows.favourites import FAVOURITES, forget_favourites, keep_favourites, read_favourites
from ganvas.workflows.generate import generate
from ganvas.workflows.model import Model, load
from ganvas.workflows.walk import walk, walk_frames

CLASSES = ("circle", "square", "star")


@pytest.fixture(scope="module", params=["compact", "stylegan2", "fastgan"])
def model(request, tmp_path_factory):
    """A small untrained model with directions, of a family that mixes classes, with styles, or without classes."""
    config = family_config(request.param, **FAMILIES.get(request.param, {}))
    shape, classes = ImageShape(3, 16, 16), () if request.param == "fastgan" else CLASSES
    folder = export(Model.untrained(config, shape, classes), tmp_path_factory.mktemp("models") / request.param)
    explore(folder, folder.parent / "strips", ("pca",), 2, "0", progress=Silent())
    return load(folder)


@pytest.fixture
def pictures(model, tmp_path):
    """Three pictures, drawn in different ways."""
    asked = [{"seed": 3}, {"seed": 5, "first": 20, "truncation": 0.5}, {"seed": 7, "directions": {"pca1": 2.0}}]
    if model.conditional:
        asked[0] |= {"labels": "star"}
    for number, how in enumerate(asked):
        generate(model, tmp_path / str(number), 1, progress=Silent(), **how)
    return [next((tmp_path / str(number)).glob("seed*.png")) for number in range(3)]


def shown(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_favourites_are_drawn_anew_and_walked_between_to_the_pixel(model, pictures, tmp_path):
    file = tmp_path / FAVOURITES
    kept = keep_favourites(file, pictures)
    assert keep_favourites(file, pictures[:1]) == kept == read_favourites(tmp_path), "each is kept once"
    for path, said in zip(pictures, kept, strict=True):
        np.testing.assert_array_equal(picture_of(model, said), shown(path))
    frames = list(walk_frames(model, kept, frames=4))
    assert len(frames) == 12
    for path, frame in zip(pictures, frames[::4], strict=True):
        difference = np.abs(frame.astype(int) - shown(path).astype(int))
        assert difference.max() <= (255 if model.config.family == "fastgan" else 1), "a walk leads through them"
    assert forget_favourites(file, [1, 3]) == [kept[1]]
    with pytest.raises(UsageError, match="no favourite 2"):
        forget_favourites(file, [2])


def test_film_over_favourites_says_how_it_was_made(model, pictures, tmp_path):
    kept = keep_favourites(tmp_path / FAVOURITES, pictures)
    film = walk(model, tmp_path / "film.webp", frames=2, favourites=tmp_path / FAVOURITES, progress=Silent())
    assert provenance_of(film).settings["favourites"] == 3
    with Image.open(film) as opened:
        assert opened.n_frames == 6
    with pytest.raises(UsageError, match="at least 2 favourites"):
        walk(model, tmp_path / "film.webp", favourites=kept[:1], progress=Silent())


def test_what_is_no_single_picture_of_ours_is_refused(model, pictures, tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "mine.png")
    for path, words in ((tmp_path / "mine.png", "does not say"), (pictures[0].with_name("grid.png"), "no single")):
        with pytest.raises(UsageError, match=words):
            keep_favourites(tmp_path / FAVOURITES, [path])
    assert not (tmp_path / FAVOURITES).exists()


def test_command_line_keeps_lists_and_forgets(pictures, tmp_path, capsys):
    def said(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["favourites", str(tmp_path), *map(str, arguments)])
        assert end.value.code == 0
        return capsys.readouterr().out.splitlines()

    assert "No favourites yet" in said()[0]
    lines = said("--keep", pictures[0], "--keep", pictures[1])
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert "seed 5" in lines[1]
    assert "truncation 0.5" in lines[1]
    assert len(said("--forget", 1)) == 1


def test_each_class_in_turn(model, tmp_path):
    if not model.conditional:
        with pytest.raises(UsageError, match="draws no wanted classes"):
            generate(model, tmp_path, 4, each_class=True, progress=Silent())
        return
    generate(model, tmp_path, 4, seed=2, first=1, each_class=True, progress=Silent())
    files = sorted(tmp_path.glob("seed2-*.png"))
    assert [provenance_of(file).label for file in files] == ["square", "star", "circle", "square"]
    np.testing.assert_array_equal(shown(files[3]), model.generate(1, 1, 2, 4)[0])
    with pytest.raises(UsageError, match="not both"):
        generate(model, tmp_path, 4, labels=1, each_class=True, progress=Silent())
