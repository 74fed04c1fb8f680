"""Generated files: of any seeds, classes and latents; made again, byte for byte, from what they say of themselves."""

import json

import numpy as np
import pytest
from PIL import Image
from small import FAMILIES

from ganvas.data.rights.rights import embedded_rights
from ganvas.errors import GanvasError, ModelError, RunError, UsageError
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.models.saved import write_model
from ganvas.progress import Silent
from ganvas.provenance import provenance_of
from ganvas.storage import sha256_of_file
from ganvas.tensors import write_tensors
from ganvas.workflows.again import make_again
from ganvas.workflows.explore import explore, rename
from ganvas.workflows.export import export
from ganvas.workflows.generate import draw_classes, generate
from ganvas.workflows.model import Model, load
from ganvas.workflows.prepare import prepare
from ganvas.workflows.project import LATENTS, generate_from, project
from ganvas.workflows.train import train
from ganvas.workflows.walk import film_training, walk

CLASSES = ("circle", "square", "star")


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Return the model folder of a small untrained model of a family with three classes, made once."""
    made = {}

    def of(family, channels=1):
        if (family, channels) not in made:
            config = family_config(family, **FAMILIES.get(family, {}))
            model = Model.untrained(config, ImageShape(channels, 16, 16), CLASSES)
            folder = tmp_path_factory.mktemp("models") / family
            made[family, channels] = export(model, folder)
        return made[family, channels]

    return of


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def quiet(*given, **more):
    return generate(*given, progress=Silent(), **more)


@pytest.mark.parametrize(
    ("family", "asked"),
    [
        ("compact", {"num": 3, "seed": 5, "first": 30}),
        ("compact", {"seeds": "3-5,9", "labels": "star", "truncation": 0.6}),
        ("compact", {"seeds": [2], "mixture": {"star": 1.0, "0": 3.0}, "bits": 16}),
        ("stylegan2", {"seeds": "0-2", "mix_seed": 7, "mix_layers": (2, 4), "truncation": 0.5}),
        ("fastgan", {"seeds": "4,2"}),
    ],
)
def test_each_picture_is_made_again_byte_for_byte(folder_of, tmp_path, family, asked):
    folder = folder_of(family)
    quiet(folder, tmp_path / "out", captions=True, **asked)
    rows = [json.loads(line) for line in (tmp_path / "out" / "images.jsonl").read_text().splitlines()]
    assert len(rows) == len(list((tmp_path / "out").glob("seed*.png")))
    for row in rows:
        path = tmp_path / "out" / row["file"]
        assert embedded_rights(path.read_bytes()).synthetic
        assert make_again(path, folder, tmp_path / "again.png")
        assert (tmp_path / "again.png").read_bytes() == path.read_bytes()
    assert provenance_of(tmp_path / "out" / "grid.png").model == load(folder).sha256
    with pytest.raises(UsageError, match="no single drawn picture"):
        make_again(tmp_path / "out" / "grid.png", folder, tmp_path / "again.png")


def test_pictures_of_another_request_are_never_replaced(folder_of, tmp_path):
    folder, out = folder_of("compact"), tmp_path / "out"

    def content():
        return {path.name: path.read_bytes() for path in sorted(out.iterdir())}

    quiet(folder, out, 20)
    before = content()
    for other in ({"num": 9}, {"num": 20, "labels": "star"}, {"num": 20, "seed": 1}, {"num": 21, "truncation": 0.5}):
        with pytest.raises(UsageError, match=r"holds other pictures than these: .*--overwrite"):
            quiet(folder, out, **other)
        assert content() == before
    quiet(folder, out, 20)
    assert content() == before, "the same request may be given again"
    quiet(folder, out, 21)
    assert set(content()) == {*before, "seed0-000020.png"}, "and go on"
    (out / "notes.txt").write_text("mine")
    quiet(folder, out, 2, "star", overwrite=True)
    assert set(content()) == {"grid.png", "images.jsonl", "notes.txt", "seed0-000000.png", "seed0-000001.png"}
    assert provenance_of(out / "seed0-000001.png").label == "star"


def test_an_interrupted_request_goes_on_and_another_is_refused(folder_of, tmp_path):
    folder, out = folder_of("compact"), tmp_path / "out"
    quiet(folder, out, 3)
    (out / "images.jsonl").unlink()
    with pytest.raises(UsageError, match=r"it has a grid\.png and no images\.jsonl"):
        quiet(folder, out, 3)
    (out / "grid.png").unlink()
    before = (out / "seed0-000002.png").read_bytes()
    with pytest.raises(UsageError, match=r"`seed0-00000.\.png` was made otherwise"):
        quiet(folder, out, 3, truncation=0.5)
    assert (out / "seed0-000002.png").read_bytes() == before
    assert not (out / "images.jsonl").exists()
    quiet(folder, out, 3)
    assert (out / "seed0-000002.png").read_bytes() == before


def test_a_list_leads_to_no_file_outside_its_folder(folder_of, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "mine.png").write_bytes(b"mine")
    (out / "images.jsonl").write_text('{"file": "../mine.png"}\nnot JSON\n[]\n{"file": 3}\n')
    quiet(folder_of("compact"), out, 1, overwrite=True)
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


def test_seeds_draw_what_one_seed_draws(folder_of, tmp_path):
    model = load(folder_of("compact"))
    quiet(model, tmp_path, seeds="7,3", num=2)
    for seed in (3, 7):
        for index, pixels in enumerate(model.generate(2, seed=seed)):
            np.testing.assert_array_equal(opened(tmp_path / f"seed{seed}-{index:06d}.png"), pixels[..., 0])


def test_the_hash_in_a_picture_is_that_of_the_weights_file(folder_of, tmp_path):
    folder = folder_of("compact")
    quiet(folder, tmp_path, num=1)
    said = provenance_of(tmp_path / "seed0-000000.png")
    assert said.model == sha256_of_file(folder / "generator.safetensors")
    assert (said.seed, said.index, said.label in CLASSES) == (0, 0, True)


def test_pictures_of_other_weights_or_without_provenance_are_refused(folder_of, tmp_path):
    quiet(folder_of("compact"), tmp_path, num=1)
    with pytest.raises(UsageError, match="was made by weights"):
        make_again(tmp_path / "seed0-000000.png", folder_of("fastgan"), tmp_path / "again.png")
    Image.new("L", (4, 4)).save(tmp_path / "mine.png")
    with pytest.raises(UsageError, match="does not say"):
        make_again(tmp_path / "mine.png", folder_of("compact"), tmp_path / "again.png")


def test_samples_of_many_classes_show_the_first_50(tmp_path):
    config, names = family_config("compact", **FAMILIES["compact"]), tuple(f"kind {number}" for number in range(60))
    draw_classes(Model.untrained(config, ImageShape(1, 16, 16), names), tmp_path / "samples.png", columns=2)
    assert opened(tmp_path / "samples.png").shape == (50 * (48 + 2) + 2, 2 * (48 + 2) + 2)


def test_alpha_is_kept(folder_of, tmp_path):
    quiet(folder_of("compact", 4), tmp_path, num=2, bits=8)
    assert opened(tmp_path / "seed0-000001.png").shape == (16, 16, 4)
    quiet(folder_of("compact", 4), tmp_path / "deep", num=2, bits=16)
    assert (tmp_path / "deep" / "seed0-000001.png").read_bytes()[24:26] == bytes([16, 6]), "16 bits, colour and alpha"


def test_what_a_model_cannot_do_is_refused_in_words(folder_of, finished_run, tmp_path):
    for folder, asked, words in (
        (folder_of("compact"), {"mix_seed": 1, "mix_layers": (0, 1)}, "no styles to mix"),
        (folder_of("compact"), {"mix_seed": 1}, "belong together"),
        (folder_of("compact"), {"directions": {"pca1": 1.0}}, "ganvas explore"),
        (folder_of("compact"), {"truncation": 3.0}, "truncation"),
        (folder_of("sngan"), {"mixture": {"star": 1.0}}, "cannot mix classes"),
        (finished_run, {"mixture": {"star": 1.0}}, "draws no wanted classes"),
        (folder_of("compact"), {"mixture": {"moon": 1.0}}, "no class `moon`"),
        (folder_of("compact"), {"seeds": "3-1"}, "range of seeds"),
        (folder_of("compact"), {"seed": -1}, "-1 is no seed"),
        (folder_of("compact"), {"seeds": [3, 2**63]}, "is no seed"),
        (folder_of("compact"), {"first": -5}, "first of a seed is 0"),
        (folder_of("stylegan2"), {"mix_seed": 1, "mix_layers": (0, 99)}, "this model has layers 0 to"),
    ):
        with pytest.raises(GanvasError, match=words):
            quiet(folder, tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_directions_are_found_named_and_gone_along(folder_of, tmp_path):
    folder = export(load(folder_of("compact")), tmp_path / "model")
    paths = explore(folder, tmp_path / "strips", num=2, seeds="0-1", progress=Silent())
    assert [path.name for path in paths] == ["pca1.png", "pca2.png", "weights1.png", "weights2.png"]
    rename(folder, {"pca2": "size"})
    explore(folder, tmp_path / "strips", num=2, seeds="0-1", progress=Silent())
    assert load(folder).directions.names == ("pca1", "size", "weights1", "weights2"), "names are kept"
    quiet(folder, tmp_path / "out", seeds="0", directions={"size": 2.5})
    path = tmp_path / "out" / "seed0-000000.png"
    assert make_again(path, folder, tmp_path / "again.png")
    quiet(folder, tmp_path / "plain", seeds="0")
    assert (opened(path) != opened(tmp_path / "plain" / "seed0-000000.png")).any()
    for wrong, words in (({"num": 0}, "at least 1"), ({"seeds": "x"}, "no seed"), ({"labels": "moon"}, "no class")):
        with pytest.raises(UsageError, match=words):
            explore(folder, tmp_path / "strips", progress=Silent(), **wrong)
    assert load(folder).directions.names == ("pca1", "size", "weights1", "weights2"), "nothing was lost by that"
    (folder / "generator.safetensors").rename(tmp_path / "weights")
    with pytest.raises(GanvasError):
        load(folder)


def test_directions_of_weights_that_changed_are_found_anew_and_not_exported(folder_of, tmp_path, capsys):
    folder = export(load(folder_of("compact")), tmp_path / "model")
    explore(folder, tmp_path / "strips", num=1, seeds="0", progress=Silent())
    rename(folder, {"pca1": "size"})
    config = family_config("compact", **FAMILIES["compact"])
    trained_further = Model.untrained(config, ImageShape(1, 16, 16), CLASSES, seed=1)
    write_model(folder, trained_further.config, trained_further.gan, CLASSES, {})
    with pytest.raises(ModelError, match="found in other weights"):
        quiet(folder, tmp_path / "out", num=1, directions={"size": 1.0})
    exported = export(folder, tmp_path / "exported")
    assert "Directions are left out" in capsys.readouterr().err
    assert load(exported).directions.names == ()
    explore(folder, tmp_path / "strips", num=1, seeds="0", progress=Silent())
    assert load(folder).directions.names == ("pca1", "weights1")
    (folder / "directions.json").write_text("{}")
    export(folder, tmp_path / "exported")
    assert "Directions are left out" in capsys.readouterr().err, "damage to them is no reason not to export"


def test_16_bits_are_refused_where_a_scaling_gives_bytes(digits_at, tmp_path):
    data = prepare("digits", out=tmp_path / "data", size=8, scaling="min_max", progress=Silent())
    run = train("mlp_gan", data, tmp_path / "run", steps=2, progress=Silent(), **{"training.batch_size": 4})
    with pytest.raises(UsageError, match=r"scaled by `min_max`.*leave --bits 16 out"):
        quiet(run.folder, tmp_path / "out", num=1, bits=16)
    assert not (tmp_path / "out").exists()
    quiet(run.folder, tmp_path / "out", num=1)
    assert make_again(tmp_path / "out" / "seed0-000000.png", run.folder, tmp_path / "again.png")


def test_mixed_styles_are_the_same_whichever_images_are_asked_for(folder_of, tmp_path):
    asked = {"mix_seed": 7, "mix_layers": (2, 4)}
    quiet(folder_of("stylegan2"), tmp_path / "all", num=24, **asked)
    quiet(folder_of("stylegan2"), tmp_path / "some", num=3, first=18, **asked)
    for path in (tmp_path / "some").glob("seed*.png"):
        np.testing.assert_array_equal(opened(path), opened(tmp_path / "all" / path.name))


@pytest.mark.parametrize("family", ["compact", pytest.param("stylegan2", marks=pytest.mark.slow)])
def test_a_projected_picture_of_the_model_itself_comes_close(folder_of, tmp_path, family):
    model = load(folder_of(family))
    (tmp_path / "pictures").mkdir()
    for index, pixels in enumerate(model.generate(2, "star", seed=99)):
        Image.fromarray(pixels[..., 0]).save(tmp_path / "pictures" / f"{index}.png")
    asked = {"steps": 30, "candidates": 32, "progress": Silent()}
    rows = project(model, tmp_path / "pictures", tmp_path / "out", "star", **asked)
    again = project(model, tmp_path / "pictures", tmp_path / "again", "star", **asked)
    assert rows == again
    assert all(row.distance < row.distance_drawn for row in rows)
    generate_from(model, tmp_path / "out" / LATENTS, tmp_path / "drawn", captions=True, progress=Silent())
    for index in range(2):
        path = tmp_path / "drawn" / f"latent-{index:06d}.png"
        assert make_again(path, model, tmp_path / "again.png")
        difference = opened(path).astype(float) - opened(tmp_path / "pictures" / f"{index}.png")
        assert np.sqrt(np.square(difference).mean()) == pytest.approx(rows[index].distance, abs=0.5)
    with pytest.raises(UsageError, match="holds latents of weights"):
        generate_from(folder_of("fastgan"), tmp_path / "out" / LATENTS, tmp_path / "other", progress=Silent())


def test_latents_of_a_safetensors_file(folder_of, tmp_path):
    model = load(folder_of("compact"))
    import torch

    from ganvas.generation.latents import latents_of

    write_tensors(tmp_path / "mine.safetensors", {"latents": latents_of(model.generator, 0, 0, 2)})
    generate_from(model, tmp_path / "mine.safetensors", tmp_path / "out", progress=Silent())
    expected = model.generate(2, 0, seed=0)
    np.testing.assert_array_equal(opened(tmp_path / "out" / "latent-000001.png"), expected[1, ..., 0])
    write_tensors(tmp_path / "wrong.safetensors", {"latents": torch.zeros(2, 3)})
    with pytest.raises(UsageError, match="latents \\[N, 64\\]"):
        generate_from(model, tmp_path / "wrong.safetensors", tmp_path / "out", progress=Silent())


def test_a_walk_starts_at_its_first_seed_and_loops(folder_of, tmp_path):
    folder = folder_of("compact")
    asked = {"seeds": "3,5", "frames": 4, "labels": ["star", "circle"], "progress": Silent()}
    walk(folder, tmp_path / "walk.webp", **asked)
    with Image.open(tmp_path / "walk.webp") as film:
        assert film.n_frames == 8
        first = np.asarray(film.convert("L"))
    expected = load(folder).generate(1, "star", seed=3)[0, ..., 0].repeat(12, 0).repeat(12, 1)
    assert np.abs(first.astype(int) - expected).max() <= 1, "a mixture of one class may round otherwise"
    said = provenance_of(tmp_path / "walk.webp")
    assert said.settings["seeds"] == [3, 5]
    walk(folder, tmp_path / "walk.png", **asked)
    assert opened(tmp_path / "walk.png").shape[1] > 5 * 48
    walk(folder_of("stylegan2"), tmp_path / "walk.gif", seeds="0-1", frames=3, way="styles", progress=Silent())
    for wrong, words in (
        ({"seeds": "1"}, "at least 2 seeds"),
        ({"way": "styles"}, "no styles"),
        ({"bits": 16}, "`bits` cannot be chosen here"),
        ({"frames_per_second": 0}, "frames a second"),
    ):
        with pytest.raises(UsageError, match=words):
            walk(folder, tmp_path / "no.gif", progress=Silent(), **wrong)
    with pytest.raises(UsageError, match="A sheet holds 400 frames"):
        walk(folder, tmp_path / "no.png", seeds="0-99", progress=Silent())
    with pytest.raises(UsageError, match="ends in"):
        walk(folder, tmp_path / "no.avi", progress=Silent())


def test_a_film_of_training_shows_each_sample(finished_run, folder_of, tmp_path):
    film_training(finished_run, tmp_path / "film.gif", progress=Silent())
    samples = sorted((finished_run / "samples").glob("*.png"))
    said = provenance_of(tmp_path / "film.gif")
    assert said.settings["steps"] == [int(path.stem) for path in samples] == [3, 6]
    assert embedded_rights((tmp_path / "film.gif").read_bytes()).synthetic
    assert provenance_of(samples[-1]).step == 6
    with pytest.raises(RunError, match="at least 2"):
        film_training(folder_of("compact"), tmp_path / "film.gif", progress=Silent())
