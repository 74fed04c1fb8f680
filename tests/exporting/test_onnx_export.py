import json
import sys

import numpy as np
import onnx
import pytest
import torch
from small import FAMILIES

from ganvas.data.scaling import fit_scaling
from ganvas.data.scalings.contract import ScalingSettings
from ganvas.errors import ModelError, RunError, UsageError
from ganvas.exporting.models.onnx_file import difference_from_torch, onnx_bytes, session_of
from ganvas.exporting.models.onnx_graph import Graph
from ganvas.exporting.models.trained import Trained
from ganvas.generation.truncation import mean_style
from ganvas.images import ImageShape
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.models import MODELS
from ganvas.models.family import build_gan, family_config
from ganvas.players import StyledGenerator, Translator, give_stream
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.export import export
from ganvas.workflows.model import Model

SHAPES = [(ImageShape(3, 16, 16), 4), (ImageShape(3, 32, 32), 2), (ImageShape(1, 28, 28), 10)]
QUICK = {"mlp_gan"}
EACH = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]


def generator_of(family, shape=None, num_classes=None):
    config = family_config(family, **FAMILIES.get(family, {}))
    if shape is None:
        shape, num_classes = next(case for case in SHAPES if config.refuse(*case) is None)
    generator = build_gan(config, shape, num_classes, seed=1).generator.eval().requires_grad_(False)
    for layer in generator.modules():
        if isinstance(layer, NoiseInjection):
            layer.strength.fill_(0.5)  # untrained, it is 0, and nothing would be tested
    return generator


def trained_of(generator, classes=(), scaling=None):
    mean = mean_style(generator) if isinstance(generator, StyledGenerator) else None
    return Trained(
        name="pictures",
        family="any",
        generator=generator,
        classes=classes,
        origin={"recipe": "small", "step": 3},
        scaling=scaling,
        sha256="ab" * 32,
        software="ganvas 1.2.3",
        licence="cc0-1.0",
        write_folder=lambda folder: None,
        mean_style=mean,
    )


def drawn_by_torch(generator, num, seed=0):
    """Images 0 ... num - 1 of a seed by the generator itself, with the inputs a graph needs for them."""
    labels = torch.arange(num) % generator.num_classes if generator.num_classes else None
    give_stream(generator, Stream(seed, "generate/generator"))
    if isinstance(generator, Translator):
        sources = torch.linspace(-1, 1, num * int(np.prod(generator.source_shape))).view(num, *generator.source_shape)
        return {"sources": sources, "labels": labels}, generator.translate(sources, labels)
    latents = generator.draw_latents(Stream(seed, "generate/latents"), num)
    return {"latents": latents, "labels": labels}, generator(latents, labels)


@pytest.mark.parametrize("family", EACH)
def test_onnx_draws_what_the_generator_draws(family):
    generator = generator_of(family)
    content, told = onnx_bytes(trained_of(generator))
    assert told < 1e-3
    graph = Graph(generator, None, mean_style(generator) if isinstance(generator, StyledGenerator) else None)
    assert set(graph.inputs) >= {"sources" if isinstance(generator, Translator) else "latents"}
    run = session_of(content)
    for num in (1, 5):
        inputs, images = drawn_by_torch(generator, num)
        inputs |= {one.name: one.draw(0, 0, num) for one in graph.noise}
        if graph.styled:
            inputs |= {"truncation": torch.ones(num), "style_offsets": torch.zeros(num, graph.mean_style.shape[-1])}
        found = run({name: inputs[name].numpy() for name in graph.inputs})
        assert found.shape == images.shape
        assert np.abs(found - images.numpy()).max() < 1e-3 * float(images.abs().max()), "each family, however faint"


def test_onnx_says_what_it_is():
    content, _ = onnx_bytes(trained_of(generator_of("mlp_gan", ImageShape(1, 8, 8), 0), classes=("cat", "dog")))
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    (told,) = [json.loads(prop.value) for prop in model.metadata_props if prop.key == "ganvas"]
    assert (told["model"], told["software"], told["licence"]) == ("ab" * 32, "ganvas 1.2.3", "cc0-1.0")
    assert (told["classes"], told["scaling"], told["origin"]["step"]) == (["cat", "dog"], "symmetric", 3)
    assert told["digital_source_type"].endswith("/trainedAlgorithmicMedia")
    assert (model.producer_name, model.producer_version) == ("ganvas", "1.2.3")
    assert [one.type.tensor_type.shape.dim[0].dim_param for one in (*model.graph.input, *model.graph.output)] == [
        "N"
    ] * 2
    assert b".py" not in content and b"File " not in content, "no paths of the machine that wrote it"


@pytest.mark.parametrize("kind", ["unit", "min_max", "standard", "centre", "pca", "zca"])
def test_a_scaling_is_undone_inside(kind):
    """What the graph gives, read as bytes, is what the scaling itself inverts to."""
    pixels = (Stream(0, "test").uniform(40, 48).reshape(40, 4, 4, 3) * [90, 200, 255]).astype(np.uint8)
    over = "channel" if kind in ("min_max", "standard") else "global"
    scaling = fit_scaling(ScalingSettings(scaling=kind, scaling_over=over), lambda: iter([pixels]))
    unscale = Graph(generator_of("mlp_gan", ImageShape(3, 4, 4), 0), scaling, None).unscale
    values = torch.from_numpy(scaling.apply(pixels)).permute(0, 3, 1, 2)
    found = unscale(values).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(np.rint((found + 1) * 127.5).astype(np.uint8), pixels)
    assert np.abs((found + 1) * 127.5 - pixels).max() < 0.05


def test_the_generator_is_left_as_it_was():
    """Spectral norms are settled in a copy, twice if need be."""
    generator = generator_of("biggan")
    before, names = drawn_by_torch(generator, 3)[1], set(generator.state_dict())
    settled = Graph(generator, None, None).eval()
    Graph(generator, None, None)
    assert not any("parametrizations" in name for name in settled.state_dict())
    assert any("parametrizations" in name for name in names)
    assert set(generator.state_dict()) == names
    assert torch.equal(drawn_by_torch(generator, 3)[1], before)
    torch.testing.assert_close(settled(*settled.example(3)[:2]), before)


def test_truncation_and_offsets_of_styles():
    generator = generator_of("stylegan2", ImageShape(1, 8, 8), 0)
    mean = mean_style(generator)
    graph = Graph(generator, None, mean).eval()
    inputs = dict(zip(graph.inputs, graph.example(2), strict=True))
    inputs |= {"truncation": torch.tensor([0.0, 0.5]), "style_offsets": torch.tensor([[0.0] * 4, [0.3, 0, 0, -1.0]])}
    styles = generator.styles(inputs["latents"])
    wanted = torch.stack([mean, mean + 0.5 * (styles[1] - mean) + torch.tensor([0.3, 0, 0, -1.0])])
    give_stream(generator, Stream(0, "generate/generator"))
    torch.testing.assert_close(graph(*inputs.values()), generator.synthesise(wanted), atol=1e-5, rtol=1e-4)


def test_another_generators_file_is_told_apart():
    first, second = (generator_of("mlp_gan", ImageShape(1, 8, 8), 0) for _ in range(2))
    list(second.parameters())[-1].add_(0.01)
    content, difference = onnx_bytes(trained_of(first))
    assert difference < 1e-5
    assert difference_from_torch(Graph(second, None, None).eval(), content) > 5e-3


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"onnxscript.* -m pip install 'onnx>=1.19' 'onnxscript>=0.5'"):
        onnx_bytes(trained_of(generator_of("mlp_gan", ImageShape(1, 8, 8), 0)))


def test_export_of_one_file(tmp_path):
    model = Model.untrained(family_config("mlp_gan", latent_size=4), ImageShape(1, 8, 8), (), seed=0)
    with pytest.raises(UsageError, match=r"ends in `\.onnx`"):
        export(model, tmp_path / "model", "onnx", Silent())
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(RunError, match="is not a file"):
        export(model, tmp_path / "a.onnx", "onnx", Silent())
    path = export(model, tmp_path / "new" / "b.onnx", "onnx", Silent())
    onnx.checker.check_model(onnx.load(path))
    assert [file.name for file in path.parent.iterdir()] == ["b.onnx"]


def test_what_onnx_cannot_say_is_an_error_in_words():
    class Restless(torch.nn.Module):
        def forward(self, x):
            return x if float(x.sum()) > 0 else -x

    generator = generator_of("mlp_gan", ImageShape(1, 8, 8), 0)
    inner = next(name for name, _ in generator.named_children())
    setattr(generator, inner, torch.nn.Sequential(getattr(generator, inner), Restless()))
    with pytest.raises(ModelError, match="cannot be exported to ONNX"):
        onnx_bytes(trained_of(generator))
