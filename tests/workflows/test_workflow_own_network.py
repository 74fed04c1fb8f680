"""A network of one's own on the whole road: a file, trained by the real command, resumed, exported, read back."""

import json
from pathlib import Path

import numpy as np
import pytest

import ganvas as public
from ganvas.errors import ConfigurationError
from ganvas.models.lines import NetworkError
from ganvas.progress import Silent
from ganvas.training import checkpoint

TINY = """\
generator = [
    { layer = "label_embedding", size = 4 },
    { layer = "linear", units = "2 * height * width" },
    { layer = "reshape", shape = [8, "height / 2", "width / 2"], name = "coarse" },
    { layer = "up_block", channels = 4 },
    { layer = "skip_layer_excitation", source = "coarse" },
    { layer = "convolution", channels = "channels" },
    { layer = "tanh" },
]
discriminator = [
    { layer = "convolution", channels = 4, stride = 2 },
    { layer = "leaky_relu" },
    { layer = "dropout" },
    { layer = "flatten" },
    { layer = "class_heads" },
]
[network]
latent_size = 8
[training]
batch_size = 4
threads = 1
checkpoint = { every = 2, score_images = 16 }
objective.discriminator.class_of_real.weight = 1.0
objective.generator.class_asked.weight = 1.0
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def test_the_road_by_the_real_command(ganvas, file, digits_at, tmp_path):
    begin = ["train", file, "--data", digits_at(8)]
    whole = ganvas.start(*begin, "--out", tmp_path / "whole", "--steps", 4, "--model.discriminator-lines.0.channels", 6)
    part = ganvas.run(*begin, "--out", tmp_path / "run", "--steps", 2, "--model.discriminator-lines.0.channels", 6)
    assert part.code == 0, part.err
    config = json.loads((tmp_path / "run" / "config.json").read_text())["recipe"]
    assert config["recipe"] == "tiny.toml"
    assert config["model"]["discriminator_lines"][0] == {"layer": "convolution", "channels": 6, "stride": 2}
    file.unlink()
    resumed = ganvas.run("train", "--resume", tmp_path / "run", "--steps", 4)
    assert resumed.code == 0, resumed.err
    assert whole.wait().code == 0
    first, second = (checkpoint.folder_of(tmp_path / name / "checkpoints", 4) for name in ("run", "whole"))
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes(), "to the bit"
    exported = ganvas.run("export", tmp_path / "run", "--to", "model", "--out", tmp_path / "model")
    assert exported.code == 0, exported.err
    generated = ganvas.run("generate", tmp_path / "model", "--num", 3, "--label", 7, "--out", tmp_path / "pictures")
    assert generated.code == 0, generated.err
    assert len(list((tmp_path / "pictures").glob("seed0-*.png"))) == 3
    images = [public.load(tmp_path / name).generate(3, labels=7) for name in ("run", "model")]
    assert np.array_equal(*images)


def test_from_python_a_file_and_two_lists_are_the_same_run(file, digits_at, tmp_path):
    recipe = public.read_recipe(file)
    lists = public.network(
        generator=recipe.model.generator_lines, discriminator=recipe.model.discriminator_lines, latent_size=8
    )
    lists = lists.model_copy(update={"training": recipe.training})
    runs = [
        public.train(given, digits_at(8), tmp_path / name, steps=2, progress=Silent())
        for name, given in (("file", file), ("text", str(file)), ("lists", lists))
    ]
    weights = {(checkpoint.folder_of(run.checkpoints, 2) / "generator.safetensors").read_bytes() for run in runs}
    assert len(weights) == 1


def test_what_does_not_fit_the_images_is_said_before_anything_is_written(ganvas, file, digits_at, tmp_path):
    file.write_text(TINY.replace("height / 2", "height / 3"))
    words = r"tiny.toml`, line 4: generator line 3 \(`reshape`\): .*8 / 3 = 2.67 here.*6 or 9"
    with pytest.raises(NetworkError, match=words):
        public.train(file, digits_at(8), tmp_path / "run")
    said = ganvas.run("train", file, "--data", digits_at(8), "--out", tmp_path / "run")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "tiny.toml`, line 4: generator line 3" in said.err
    assert not (tmp_path / "run").exists()


def test_terms_of_classes_need_a_head_that_tells_them(file, digits_at, tmp_path):
    file.write_text(TINY.replace('layer = "class_heads"', 'layer = "linear", units = 1'))
    with pytest.raises(ConfigurationError, match="class_of_real"):
        public.train(file, digits_at(8), tmp_path / "run", progress=Silent())


@pytest.mark.parametrize("name", ["book_gan", "acgan_mnist", "attentive_gan"])
def test_shipped_examples_are_trained(name, digits_at, tmp_path):
    path = Path(__file__).parents[2] / "examples" / "networks" / f"{name}.toml"
    settings = {"training.batch_size": 4, "training.checkpoint.score_images": 0, "training.threads": 1}
    settings |= {"training.generator_batch_size": 4}
    run = public.train(path, digits_at(28), tmp_path / "run", steps=1, progress=Silent(), **settings)
    assert run.read_log()[-1]["step"] == 1
