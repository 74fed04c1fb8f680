import json
from pathlib import Path

import pytest
import torch

from ganvas.errors import ConfigurationError, ModelError
from ganvas.images import ImageShape
from ganvas.layers.linear import Config as Linear
from ganvas.models.dimension import SizeError, evaluate
from ganvas.models.family import build_gan, family_config, offers_of
from ganvas.models.lines import NetworkError
from ganvas.models.saved import empty_players, read_model, write_model
from ganvas.models.stack import Config
from ganvas.players import give_stream, num_parameters
from ganvas.recipes.own import layer, network, read_recipe
from ganvas.seeds import Stream

EXAMPLES = Path(__file__).parents[2] / "examples" / "networks"
GREY, COLOUR = ImageShape(1, 28, 28), ImageShape(3, 16, 24)
SIZES = {"channels": 3, "height": 28, "width": 20, "classes": 10, "latent_size": 64}


# Sizes relative to the data


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("channels", 3), ("height / 4", 7), ("height/4", 7), ("4 * height * width", 2240), ("3*width/6", 10)],
)
def test_sizes_in_words(text: str, value: int) -> None:
    assert evaluate(text, SIZES) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("height / 3", r"28/3|28 / 3.*9\.33.*27 or 30"),
        ("height / 0", "divides by 0"),
        ("depth", '"depth" is no size.*channels, height, width'),
        ("height + 1", "is no size"),
        ("__import__('os').system('true')", "is no size"),
        ("height ** 9", "is no size"),
        ("9" * 5000, "is no size"),
        ("height" + " * height" * 50, "is no size"),
        ("0 * height", "at least 1"),
    ],
)
def test_what_is_no_size_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(SizeError, match=words):
        evaluate(text, SIZES)


def test_advice_names_sizes_that_work() -> None:
    with pytest.raises(SizeError) as refused:
        evaluate("width / 8", SIZES)
    assert "16 or 24" in str(refused.value)
    assert evaluate("width / 8", SIZES | {"width": 16}) == 2


# The books' networks, line by line


def test_book_gan_is_the_family_mlp_gan() -> None:
    ours = build_gan(read_recipe(EXAMPLES / "book_gan.toml").model, GREY, 0, seed=1)
    theirs = build_gan(family_config("mlp_gan"), GREY, 0, seed=2)
    assert num_parameters(ours.generator) == num_parameters(theirs.generator) == 1_513_616
    assert num_parameters(ours.discriminator) == num_parameters(theirs.discriminator) == 533_505
    expect_same_play(ours, theirs, None)


def test_acgan_mnist_is_the_family_acgan_mnist() -> None:
    ours = build_gan(read_recipe(EXAMPLES / "acgan_mnist.toml").model, GREY, 10, seed=1)
    theirs = build_gan(family_config("acgan_mnist"), GREY, 10, seed=2)
    assert (num_parameters(ours.generator), num_parameters(ours.discriminator)) == (2_657_897, 525_835)
    assert num_parameters(ours.generator, trainable_only=True) == 2_657_321
    assert offers_of(read_recipe(EXAMPLES / "acgan_mnist.toml").model) == {"classes"}
    assert ours.generator.latent_distribution == "uniform"
    expect_same_play(ours, theirs, torch.arange(6) % 10)


def expect_same_play(ours, theirs, labels) -> None:
    """Both give the same images and verdicts, trained or not, once the weights are copied in order."""
    for mine, other in ((ours.generator, theirs.generator), (ours.discriminator, theirs.discriminator)):
        names, values = list(mine.state_dict()), list(other.state_dict().values())
        mine.load_state_dict(dict(zip(names, values, strict=True)))
    latents = ours.generator.draw_latents(Stream(0, "test"), 6)
    for training in (True, False):
        ours.generator.train(training), theirs.generator.train(training)
        images = ours.generator(latents, labels)
        torch.testing.assert_close(images, theirs.generator(latents, labels), atol=1e-6, rtol=0)
    mine, other = ours.discriminator.eval()(images, labels), theirs.discriminator.eval()(images, labels)
    torch.testing.assert_close(mine.scores, other.scores, atol=1e-5, rtol=0)
    if labels is not None:
        torch.testing.assert_close(mine.class_logits, other.class_logits, atol=1e-5, rtol=0)


# Skips, labels, patches


def test_attentive_gan_learns_at_every_line_and_depends_on_the_class() -> None:
    gan = build_gan(read_recipe(EXAMPLES / "attentive_gan.toml").model, COLOUR, 5, seed=0)
    latents, labels = gan.generator.draw_latents(Stream(0, "test"), 4), torch.tensor([0, 1, 2, 4])
    images = gan.generator(latents, labels)
    assert images.shape == (4, *COLOUR)
    gan.discriminator(images, labels).scores.sum().backward()
    assert [name for name, weight in gan.named_parameters() if weight.grad is None] == []
    gan.eval()
    assert (gan.generator(latents, labels) != gan.generator(latents, labels.flip(0))).any()
    assert (gan.discriminator(images, labels).scores != gan.discriminator(images, labels.flip(0)).scores).any()
    assert gan.generator.draw_labels(Stream(0, "test"), 3) is not None


def test_a_source_brings_in_the_named_values_or_the_input() -> None:
    recipe = network(
        generator=[
            layer("linear", units=4, bias=False, name="first"),
            layer("relu"),
            layer("skip_connection", source="first", way="concatenate"),
            layer("skip_connection", source="input", way="concatenate"),
            layer("linear", units=4),
            layer("reshape", shape=[1, 2, 2]),
        ],
        discriminator=[layer("flatten"), Linear(units=1)],
        latent_size=3,
    )
    generator = build_gan(recipe.model, ImageShape(1, 2, 2), 0, seed=0).generator
    weights = dict(generator.state_dict())
    latents = torch.randn(5, 3)
    first = latents @ weights["lines.01_linear.weight"].T
    joined = torch.cat([first.relu(), first, latents], dim=1)
    expected = joined @ weights["lines.05_linear.weight"].T + weights["lines.05_linear.bias"]
    torch.testing.assert_close(generator(latents), expected.view(5, 1, 2, 2))


def test_a_map_of_scores_judges_patches() -> None:
    model = Config(
        discriminator_lines=(
            {"layer": "convolution", "channels": 4, "stride": 4},
            {"layer": "convolution", "channels": 1},
        )
    )
    discriminator = build_gan(model, ImageShape(1, 16, 8), 0, seed=0).discriminator
    assert discriminator(torch.zeros(3, 1, 16, 8)).scores.shape == (3, 4 * 2)


def test_without_classes_a_block_that_may_take_them_does_not() -> None:
    model = Config(
        generator_lines=(
            {"layer": "linear", "units": "height * width"},
            {"layer": "reshape", "shape": [4, "height/2", "width/2"]},
            {"layer": "up_block", "channels": "channels"},
            {"layer": "tanh"},
        )
    )
    assert build_gan(model, GREY, 0, seed=0).generator.num_classes == 0
    assert build_gan(model, GREY, 10, seed=0).generator.num_classes == 10
    plain = model.override(
        generator_lines=[*model.generator_lines[:2], {**model.generator_lines[2], "conditional": False}]
    )
    assert build_gan(plain, GREY, 10, seed=0).generator.num_classes == 0


def test_layers_as_objects_and_settings_of_training() -> None:
    recipe = network(
        generator=[Linear(units=4), layer("reshape", shape=["channels", "height", "width"])],
        discriminator=[layer("flatten"), Linear(units=1, bias=False)],
        extends="acgan",
        **{"batch_size": 8, "objective.adversarial": "hinge"},
    )
    assert recipe.model.discriminator_lines[1] == {"layer": "linear", "units": 1, "bias": False}
    assert (recipe.training.batch_size, recipe.training.objective.adversarial) == (8, "hinge")
    assert recipe.training.generator_optimizer.learning_rate == pytest.approx(1e-3), "from the recipe it extends"
    build_gan(recipe.model, ImageShape(1, 2, 2), 0, seed=0)


# Saved models


def test_saved_and_read_back(tmp_path: Path) -> None:
    recipe = read_recipe(EXAMPLES / "attentive_gan.toml")
    gan = build_gan(recipe.model, COLOUR, 5, seed=0).eval()
    write_model(tmp_path, recipe.model, gan, tuple("abcde"), {})
    read = read_model(tmp_path)
    latents, labels = gan.generator.draw_latents(Stream(0, "test"), 2), torch.tensor([1, 3])
    assert torch.equal(read.generator(latents, labels), gan.generator(latents, labels))
    assert read.config == recipe.model
    described = json.loads((tmp_path / "model.json").read_text())["model"]
    assert described["generator_lines"][2] == {
        "layer": "reshape",
        "shape": [64, "height / 4", "width / 4"],
        "name": "coarse",
    }


HOSTILE = {
    "too many lines": {"generator_lines": [{"layer": "relu"}] * 257},
    "no lines": {"generator_lines": []},
    "a line that is no table": {"generator_lines": ["linear"]},
    "deep values": {"generator_lines": [{"layer": "linear", "units": {"__class__": "os.system"}}]},
    "nested lists": {"generator_lines": [{"layer": "reshape", "shape": [[[1]]]}]},
    "long text": {"generator_lines": [{"layer": "linear", "units": "height*" * 100 + "1"}]},
    "code": {"generator_lines": [{"layer": "linear", "units": "__import__('os')"}]},
    "unknown layer": {"generator_lines": [{"layer": "os.system"}]},
    "unhashable layer": {"generator_lines": [{"layer": ["linear"]}]},
    "huge map": {"discriminator_lines": [{"layer": "blur_pool", "resample": "up"}] * 100},
    "huge layer": {"generator_lines": [{"layer": "linear", "units": 10**30}]},
    "infinite": {"discriminator_lines": [{"layer": "leaky_relu", "slope": 1e400}]},
    "vast power": {"generator_lines": [{"layer": "linear", "units": "999999999*999999999*999999999"}]},
    "not a number": {"generator_lines": [{"layer": "linear", "units": True}], "latent_size": "many"},
    "nothing": {"generator_lines": [{}]},
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE)
def test_hostile_descriptions_are_refused_in_words(values: dict) -> None:
    with pytest.raises((ModelError, ConfigurationError)) as refused:
        empty_players(family_config("stack", **values), ImageShape(1, 8, 8), 0)
    assert len(str(refused.value)) < 2000


def test_a_network_too_large_for_a_description_is_refused() -> None:
    lines = [{"layer": "linear", "units": 8, "name": f"{number:064}"} for number in range(255)]
    lines += [{"layer": "reshape", "shape": [1, 2, 4]}]
    kept = empty_players(family_config("stack", generator_lines=lines), ImageShape(1, 2, 4), 0)
    assert kept[0].image_shape == (1, 2, 4), "256 lines with long names are believed"
    lines = [{"layer": "reshape", "shape": ["1*1*1*1*1*1*1*1"] * 64}] * 100
    config = family_config("stack", generator_lines=lines)
    with pytest.raises(ModelError, match="are believed"):
        empty_players(config, ImageShape(1, 2, 4), 0)


def test_random_layers_draw_from_the_players_stream() -> None:
    model = Config(discriminator_lines=({"layer": "flatten"}, {"layer": "dropout"}, {"layer": "linear", "units": 1}))
    discriminator = build_gan(model, GREY, 0, seed=0).discriminator
    give_stream(discriminator, Stream(0, "test", 1))
    images = torch.randn(4, *GREY)
    assert torch.equal(discriminator(images).scores, discriminator(images).scores)


def test_errors_name_player_line_and_layer() -> None:
    with pytest.raises(NetworkError) as refused:
        build_gan(Config(discriminator_lines=({"layer": "linear", "units": 1},)), GREY, 0, seed=0)
    error = refused.value
    assert (error.player, error.number, error.layer) == ("discriminator", 1, "linear")
    assert "values of shape (1, 28, 28) arrive here" in str(error)
    assert 'Put `layer = "flatten"` before it.' in str(error)
