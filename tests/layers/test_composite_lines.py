"""The same layers as lines of a network: shapes told before building, parameters as on the sheets, refusals."""

import copy
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from ganvas.layers.layer import Around, LayerError, Shape, layer_of
from ganvas.players import Verdict, give_stream, num_parameters
from ganvas.seeds import Stream

CLASSES = Around(num_classes=3, latent_size=5, source=(2, 8, 6))
ALONE = Around()


class Line(NamedTuple):
    """A line, what it is given, the parameters that its sheet promises (worked out by hand)."""

    layer: str
    given: Shape
    parameters: int
    settings: dict
    around: Around = CLASSES

    def values(self) -> dict:
        return {"layer": self.layer, **self.settings}

    def __str__(self) -> str:
        return "-".join([self.layer, "x".join(map(str, self.given)), *map(str, self.settings.values())])


LINES = [
    Line("conditional_batch_norm", (4, 4, 6), 2 * 3 * 4, {}),
    Line("adaptive_instance_norm", (4, 4, 6), 2 * 4 * 6, {}),
    Line("spectral_norm", (4, 5, 6), 4 * 7 * 9 + 7, {"units": 7, "stride": 2}),
    Line("spectral_norm", (4,), 4 * 7 + 7, {"units": 7}),
    Line("spectral_norm", (5, 4), 4 * 7, {"units": 7, "bias": False}),
    Line("equalised", (4, 5, 6), 4 * 7 * 25 + 7, {"units": 7, "kernel_size": 5, "stride": 2}),
    Line("equalised", (4,), 4 * 7 + 7, {"units": 7}),
    Line("equalised", (5, 4), 4 * 7 + 7, {"units": 7}),
    Line("up_block", (4, 4, 6), 9 * 4 * 7 + 9 * 49 + 7 + 2 * 3 * 4 + 2 * 3 * 7 + 4 * 7 + 7, {"channels": 7}),
    Line("up_block", (4, 4, 6), 9 * 16 * 2 + 4 + 16, {"channels": 4, "upsample": False, "conditional": False}),
    Line("up_block", (4, 4, 6), 9 * 28 + 9 * 49 + 7 + 8 + 14 + 28 + 7, {"channels": 7}, ALONE),
    Line("down_block", (4, 5, 6), 9 * 16 + 4 + 9 * 28 + 7 + 28 + 7, {"channels": 7}),
    Line("down_block", (4, 4, 6), 9 * 28 + 7 + 9 * 49 + 7 + 28 + 7, {"channels": 7, "first": True}),
    Line("down_block", (4, 4, 6), 2 * (9 * 16 + 4), {"channels": 4, "downsample": False}),
    Line("self_attention", (16, 4, 6), 2 * 16 * 2 + 2 * 16 * 8 + 1, {}),
    Line("self_attention", (4, 5, 3), 2 * 4 * 1 + 2 * 4 * 2 + 1, {}),
    Line("transformer_block", (5, 8), 4 * 64 + 4 * 8 + 2 * 3 * 64 + 4 * 8 + 4 * 8, {"num_heads": 2, "expansion": 3}),
    Line("minibatch_standard_deviation", (4, 4, 6), 0, {"num_channels": 2}),
    Line("modulated_convolution", (4, 4, 6), 4 * 7 * 9 + 7 + 4 * 6, {"channels": 7}),
    Line("modulated_convolution", (4, 4, 6), 4 * 7 * 9 + 7 + 4 * 6, {"channels": 7, "upsample": True}),
    Line("modulated_convolution", (4, 4, 6), 4 * 3 + 3 + 4 * 6, {"channels": 3, "kernel_size": 1, "demodulate": False}),
    Line("noise_injection", (4, 4, 6), 1, {}),
    Line("skip_layer_excitation", (4, 16, 12), 16 * 2 * 4 + 16 + 2 * 4, {}),
    Line("projection", (8,), 8 + 1 + 3 * 8, {}),
    Line("class_heads", (8,), 9 * 4, {}),
    Line("label_embedding", (8,), 3 * 6, {"size": 6}),
    Line("label_embedding", (4, 5, 6), 3 * 6, {"size": 6}),
    Line("label_embedding", (4, 5, 6), 3 * 30, {"join": "plane"}),
    Line("label_embedding", (4, 5, 6), 3 * 4, {"join": "multiply"}),
    Line("label_embedding", (8,), 3 * 8, {"join": "add"}),
    Line("gru", (5, 4), 3 * (24 + 36 + 12), {"units": 6}),
    Line("gru", (5, 4), 2 * 3 * (24 + 36 + 12), {"units": 6, "both_directions": True, "keep": "last"}),
    Line("lstm", (5, 4), 4 * (24 + 36 + 12), {"units": 6, "keep": "last"}),
    Line("lstm", (5, 4), 2 * 4 * (24 + 36 + 12), {"units": 6, "both_directions": True}),
    Line("skip_connection", (2, 8, 6), 0, {}),
    Line("skip_connection", (4, 8, 6), 0, {"way": "concatenate"}),
    Line("skip_connection", (5, 4), 0, {"way": "concatenate"}, Around(source=(5, 3))),
    Line("skip_connection", (5,), 0, {"way": "concatenate"}, Around(source=(3,))),
]
NEIGHBOURLY = ("minibatch_standard_deviation",)


def beside(line: Line, num: int) -> dict[str, Tensor | None]:
    """Return what the line's module may be given beside the values."""
    classes = line.around.num_classes
    return {
        "labels": torch.arange(num) % classes if classes else None,
        "latents": torch.randn(num, line.around.latent_size),
        "source": torch.randn(num, *line.around.source),
    }


def built(line: Line) -> nn.Module:
    torch.manual_seed(11)
    config = layer_of(line.values(), "The test")
    shape = config.output(line.given, line.around)
    module = config.build(line.given, line.around)
    give_stream(module, Stream(0, "test"))
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    module.shape_told = shape
    return module


def output(line: Line, module: nn.Module, x: Tensor, others: dict[str, Tensor | None]) -> Tensor:
    config = layer_of(line.values(), "The test")
    y = module(x, *(others[name] for name in config.inputs))
    return torch.cat([y.scores[:, None], y.class_logits], 1) if isinstance(y, Verdict) else y


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line_gives_the_shape_it_told_with_the_parameters_of_its_sheet(line: Line):
    module, x = built(line), torch.randn(6, *line.given)
    config = layer_of(line.values(), "The test")
    assert num_parameters(module, trainable_only=True) == line.parameters
    y = module(x, *(beside(line, 6)[name] for name in config.inputs))
    assert (y.scores if isinstance(y, Verdict) else y).shape == (6, *module.shape_told)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line_is_differentiable_twice_and_reaches_every_weight(line: Line):
    module, x, others = built(line), torch.randn(4, *line.given, requires_grad=True), beside(line, 4)
    (slope,) = torch.autograd.grad(output(line, module, x, others).sin().sum(), x, create_graph=True)
    (slope.square().sum() + output(line, module, x, others).cos().sum()).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in module.parameters())
    assert any(weight.grad.abs().sum() > 0 for weight in module.parameters()) or not line.parameters


@pytest.mark.parametrize("line", LINES, ids=str)
def test_second_derivatives_are_right(line: Line):
    module = built(line).double().eval()
    x = torch.randn(2, *line.given, dtype=torch.float64, requires_grad=True)
    others = {
        name: value.double() if value is not None and value.is_floating_point() else value
        for name, value in beside(line, 2).items()
    }

    def slope(values: Tensor) -> Tensor:
        total = output(line, module, values, others).sin().sum()
        return torch.autograd.grad(total, values, create_graph=True)[0]

    direction = torch.randn_like(x)
    (exact,) = torch.autograd.grad((slope(x) * direction).sum(), x)
    step = 1e-7  # small, as no ReLU may change its side
    near = (slope(x + step * direction) - slope(x - step * direction)) / (2 * step)  # the Hessian is symmetric
    assert_close(near.detach(), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line_survives_copies_state_and_meta(line: Line):
    module, x, others = built(line).eval(), torch.randn(3, *line.given), beside(line, 3)
    wanted = output(line, module, x, others)
    config = layer_of(line.values(), "The test")
    other = config.build(line.given, line.around).eval()
    give_stream(other, Stream(0, "test"))
    other.load_state_dict(module.state_dict())
    assert torch.equal(output(line, other, x, others), wanted)
    assert torch.equal(output(line, copy.deepcopy(module), x, others), wanted)
    with torch.device("meta"):
        shadow = config.build(line.given, line.around)
    assert all(value.device.type == "meta" for value in shadow.state_dict().values())
    assert {name: value.shape for name, value in shadow.state_dict().items()} == {
        name: value.shape for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize("line", [line for line in LINES if line.layer not in NEIGHBOURLY], ids=str)
def test_images_do_not_depend_on_their_neighbours_in_evaluation(line: Line):
    module, x, others = built(line).eval(), torch.randn(6, *line.given), beside(line, 6)
    few = {name: value if value is None else value[:2] for name, value in others.items()}
    assert_close(output(line, module, x[:2], few), output(line, module, x, others)[:2], rtol=1e-5, atol=1e-5)


REFUSALS = [
    ("conditional_batch_norm", {}, (4,), CLASSES, "image", "reshape"),
    ("conditional_batch_norm", {}, (4, 4, 4), ALONE, "no classes", "dataset of classes"),
    ("adaptive_instance_norm", {}, (4, 4, 4), ALONE, "only the generator has", "discriminator"),
    ("adaptive_instance_norm", {}, (4, 1, 1), CLASSES, "more than one pixel", "first enlargement"),
    ("spectral_norm", {"units": 3, "kernel_size": 4}, (4, 8, 8), CLASSES, "odd `kernel_size`", "Use 1, 3"),
    ("equalised", {"units": 3}, (), CLASSES, "a vector", "flatten"),
    ("up_block", {"channels": 4}, (4, 4), CLASSES, "image", "reshape"),
    ("down_block", {"channels": 4}, (4, 1, 8), CLASSES, "at least 2x2", "downsample = false"),
    ("self_attention", {}, (4, 1, 1), CLASSES, "at least 2x2", "larger"),
    ("transformer_block", {}, (4, 4, 4), CLASSES, "sequence", "reshape"),
    ("transformer_block", {"num_heads": 3}, (4, 8), CLASSES, "multiple of its 3 heads", "divisor of 8"),
    ("minibatch_standard_deviation", {"num_channels": 3}, (4, 4, 4), CLASSES, "multiple of 3", "num_channels = 1"),
    ("modulated_convolution", {"channels": 3}, (4, 4, 4), ALONE, "only the generator has", "discriminator"),
    ("modulated_convolution", {"channels": 3, "kernel_size": 2}, (4, 4, 4), CLASSES, "odd `kernel_size`", "1 or 3"),
    ("noise_injection", {}, (4,), CLASSES, "image", "reshape"),
    ("skip_layer_excitation", {}, (4, 4, 4), ALONE, "second input", "source ="),
    ("skip_layer_excitation", {}, (4, 4, 4), Around(source=(3,)), "image (C, H, W) as its source", "earlier line"),
    ("projection", {}, (4, 4, 4), CLASSES, "vector", "flatten"),
    ("projection", {}, (4,), ALONE, "no classes", "dataset of classes"),
    ("class_heads", {}, (4, 4), CLASSES, "vector", "flatten"),
    ("class_heads", {}, (4,), ALONE, "no classes", "dataset of classes"),
    ("label_embedding", {}, (4, 4), CLASSES, "a vector (F,) or an image", "flatten"),
    ("label_embedding", {"join": "plane"}, (4,), CLASSES, "to join a plane to", "concatenate"),
    ("gru", {"units": 4}, (4,), CLASSES, "sequence", "reshape"),
    ("lstm", {"units": 4}, (4, 4, 4), CLASSES, "sequence", "reshape"),
    ("skip_connection", {}, (4, 8, 6), CLASSES, "shape (2, 8, 6) to add to", "concatenate"),
    ("skip_connection", {"way": "concatenate"}, (4, 8, 5), CLASSES, "in channels or width alone", "Resample"),
    ("skip_connection", {"way": "concatenate"}, (4,), CLASSES, "in channels or width alone", "Resample"),
    ("skip_connection", {}, (4, 8, 5), ALONE, "second input", "source ="),
]


@pytest.mark.parametrize(("layer", "settings", "given", "around", "wanted", "fix"), REFUSALS, ids=str)
def test_what_cannot_be_is_refused_with_what_is_wanted_and_a_fix(layer, settings, given, around, wanted, fix):
    config = layer_of({"layer": layer, **settings}, "The test")
    with pytest.raises(LayerError) as refused:
        config.output(given, around)
    assert wanted in refused.value.wanted
    assert fix in refused.value.fix
