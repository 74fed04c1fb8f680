import copy
import re

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from ganvas.errors import ConfigurationError
from ganvas.layers import LAYERS, LAYERS_BY_KIND
from ganvas.layers.blur_pool import Blur2d, BlurDownsample, BlurUpsample
from ganvas.layers.crop import CentreCrop
from ganvas.layers.global_pool import GlobalPool
from ganvas.layers.layer import Around, Layer, LayerError, Shape, layer_of
from ganvas.layers.pixel_norm import PixelNorm
from ganvas.layers.reshape import Reshape
from ganvas.layers.texts import PAGES, RUSSIAN, SHEETS, Texts, module_of
from ganvas.layers.top_k import TopK
from ganvas.players import give_stream, num_parameters
from ganvas.seeds import Stream
from ganvas.sheets import FIELDS, parse_sheet, settings_of, sheet_of

CASES = [
    # layer and settings, shape in, shape out, learnt parameters by the sheet's formula
    ({"layer": "linear", "units": 5}, (7,), (5,), 7 * 5 + 5),
    ({"layer": "linear", "units": 5, "bias": False}, (3, 7), (3, 5), 7 * 5),
    ({"layer": "flatten"}, (2, 3, 4), (24,), 0),
    ({"layer": "flatten"}, (3, 4), (12,), 0),
    ({"layer": "flatten"}, (9,), (9,), 0),
    ({"layer": "reshape", "shape": [2, 3, 4]}, (24,), (2, 3, 4), 0),
    ({"layer": "reshape", "shape": [12, 2]}, (2, 3, 4), (12, 2), 0),
    ({"layer": "reshape", "shape": [2, 3, 4]}, (3, 8), (2, 3, 4), 0),
    ({"layer": "reshape", "shape": [24]}, (2, 3, 4), (24,), 0),
    ({"layer": "crop", "size": [3, 4]}, (2, 6, 5), (2, 3, 4), 0),
    ({"layer": "convolution", "channels": 6}, (4, 5, 8), (6, 5, 8), 4 * 6 * 9 + 6),
    ({"layer": "convolution", "channels": 6, "stride": 2, "bias": False}, (4, 5, 8), (6, 3, 4), 4 * 6 * 9),
    (
        {"layer": "convolution", "channels": 6, "kernel_size": 4, "stride": 2, "padding": 1},
        (4, 7, 8),
        (6, 3, 4),
        4 * 6 * 16 + 6,
    ),
    ({"layer": "convolution", "channels": 1, "kernel_size": 5, "padding": 0}, (4, 5, 7), (1, 1, 3), 4 * 25 + 1),
    ({"layer": "transposed_convolution", "channels": 6}, (4, 5, 8), (6, 10, 16), 4 * 6 * 16 + 6),
    (
        {"layer": "transposed_convolution", "channels": 6, "kernel_size": 5, "stride": 2, "bias": False},
        (4, 5, 8),
        (6, 10, 16),
        4 * 6 * 25,
    ),
    (
        {"layer": "transposed_convolution", "channels": 6, "kernel_size": 4, "stride": 1, "padding": 0},
        (4, 1, 1),
        (6, 4, 4),
        4 * 6 * 16 + 6,
    ),
    (
        {"layer": "transposed_convolution", "channels": 2, "kernel_size": 3, "stride": 2, "padding": 1},
        (4, 5, 2),
        (2, 9, 3),
        4 * 2 * 9 + 2,
    ),
    ({"layer": "upsample_convolution", "channels": 6}, (4, 5, 8), (6, 10, 16), 4 * 6 * 9 + 6),
    (
        {"layer": "upsample_convolution", "channels": 6, "mode": "bilinear", "factor": 3, "kernel_size": 4},
        (4, 5, 2),
        (6, 15, 6),
        4 * 6 * 16 + 6,
    ),
    ({"layer": "pixel_shuffle"}, (8, 3, 5), (2, 6, 10), 0),
    ({"layer": "pixel_shuffle", "direction": "down", "factor": 3}, (2, 3, 6), (18, 1, 2), 0),
    ({"layer": "blur_pool"}, (2, 7, 8), (2, 3, 4), 0),
    ({"layer": "blur_pool", "resample": "up", "taps": [1, 2, 1]}, (2, 3, 4), (2, 6, 8), 0),
    ({"layer": "blur_pool", "resample": "none", "taps": [1, 1]}, (2, 3, 4), (2, 3, 4), 0),
    ({"layer": "average_pool"}, (2, 7, 8), (2, 3, 4), 0),
    ({"layer": "global_pool"}, (2, 7, 8), (2,), 0),
    ({"layer": "global_pool", "reduce": "mean"}, (7, 8), (8,), 0),
    *(({"layer": name}, shape, shape, 0) for name in ("relu", "gelu", "silu") for shape in ((6,), (2, 3, 4))),
    *(({"layer": name}, shape, shape, 0) for name in ("leaky_relu", "tanh", "sigmoid") for shape in ((6,), (3, 4))),
    *(({"layer": "top_k", "num_kept": 2}, shape, shape, 0) for shape in ((6,), (3, 4), (2, 3, 4))),
    ({"layer": "batch_norm"}, (6,), (6,), 2 * 6),
    ({"layer": "batch_norm"}, (2, 3, 4), (2, 3, 4), 2 * 2),
    ({"layer": "instance_norm"}, (2, 3, 4), (2, 3, 4), 2 * 2),
    ({"layer": "layer_norm"}, (6,), (6,), 2 * 6),
    ({"layer": "layer_norm"}, (3, 6), (3, 6), 2 * 6),
    ({"layer": "layer_norm"}, (2, 3, 4), (2, 3, 4), 2 * 2),
    ({"layer": "group_norm", "num_groups": 2}, (6, 3, 4), (6, 3, 4), 2 * 6),
    *(({"layer": "pixel_norm"}, shape, shape, 0) for shape in ((6,), (3, 4), (2, 3, 4))),
    ({"layer": "dropout", "rate": 0.5}, (2, 3, 4), (2, 3, 4), 0),
]

REFUSED = [
    ({"layer": "linear", "units": 5}, (2, 3, 4), r"takes a vector \(F,\) or a sequence \(L, F\)\. Put .*flatten"),
    ({"layer": "reshape", "shape": [2, 3, 4]}, (25,), r"takes 24 values for \[2, 3, 4\]\. These are 25"),
    ({"layer": "crop", "size": [3, 9]}, (2, 6, 5), r"at least 3x9"),
    ({"layer": "convolution", "channels": 6}, (7,), r"takes an image \(C, H, W\)\. Put .*reshape"),
    ({"layer": "convolution", "channels": 6, "kernel_size": 5, "padding": 1}, (4, 2, 8), r"at least 3x3"),
    ({"layer": "transposed_convolution", "channels": 6}, (3, 4), r"takes an image"),
    ({"layer": "transposed_convolution", "channels": 6, "padding": 3}, (4, 2, 9), r"at least 3x3"),
    ({"layer": "upsample_convolution", "channels": 6}, (3, 4), r"takes an image"),
    ({"layer": "pixel_shuffle"}, (6, 3, 3), r"C is a multiple of 4\. Put .*convolution"),
    ({"layer": "pixel_shuffle", "direction": "down"}, (6, 3, 4), r"multiples of 2"),
    ({"layer": "blur_pool"}, (6, 1, 4), r"at least 2x2"),
    ({"layer": "average_pool", "factor": 4}, (6, 3, 4), r"at least 4x4"),
    ({"layer": "global_pool"}, (6,), r"image \(C, H, W\) or a sequence \(L, D\)"),
    ({"layer": "top_k", "num_kept": 4}, (3, 9, 9), r"at least 4 channels\. Give `num_kept` of at most 3"),
    ({"layer": "batch_norm"}, (3, 4), r"layer_norm"),
    ({"layer": "instance_norm"}, (3, 1, 1), r"more than one place"),
    ({"layer": "group_norm"}, (12, 3, 4), r"C is a multiple of 8\. Give a `num_groups` that divides 12"),
    ({"layer": "group_norm"}, (8, 1, 1), r"more than one value in each group"),
]


def name_of(case: object) -> str:
    return " ".join(map(str, case.values())) if isinstance(case, dict) else str(case)


def built(settings: dict, given: Shape) -> tuple[Layer, nn.Module]:
    layer = layer_of(settings, "The test")
    return layer, layer.build(given, Around())


def named_in(see_also: str) -> list[str]:
    """Return the layers and torch's modules that the text names, without remarks."""
    return [part.split()[0] for part in re.split(r"[,;] ", re.sub(r"\([^)]*\)", "", see_also))]


# The sheets


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_a_sheet_and_a_configuration(name: str) -> None:
    entry = LAYERS[name]
    sheet = sheet_of(entry)
    assert tuple(sheet.fields) == FIELDS
    assert all(text.strip() for text in (sheet.title, *sheet.fields.values()))
    assert re.search(r"\b(G|D)\b", sheet.fields["Use it when"]), "it says what it is for in G and in D"
    config = entry.load()
    assert issubclass(config, Layer)
    assert config.model_fields["layer"].default == name
    assert entry.summary.strip() == entry.summary != ""
    assert "\n" not in entry.summary


@pytest.mark.parametrize("name", LAYERS)
def test_the_settings_read_without_torch_are_the_configurations(name: str) -> None:
    fields = LAYERS[name].load().model_fields
    read = {setting.name: setting for setting in settings_of(LAYERS[name])}
    assert read.keys() == fields.keys() - {"name", "source"}
    assert {key for key, setting in read.items() if not setting.default} == {
        key for key, field in fields.items() if field.is_required()
    }


@pytest.mark.parametrize("name", LAYERS)
def test_see_also_names_layers_that_there_are(name: str) -> None:
    named = named_in(sheet_of(LAYERS[name]).fields["See also"])
    assert [word for word in named if word not in LAYERS and not word.startswith("torch.")] == []


def test_every_layer_stands_under_one_kind() -> None:
    names = [name for rows in LAYERS_BY_KIND.values() for name in rows]
    assert names == list(LAYERS)


# The texts of other languages


def translations() -> list[str]:
    return sorted(path.stem for path in (SHEETS / "ru").glob("*.txt"))


@pytest.mark.parametrize("module", translations())
def test_translations_are_of_layers_and_say_the_same(module: str) -> None:
    name = next(name for name in LAYERS if module_of(name) == module)
    translated = parse_sheet((SHEETS / "ru" / f"{module}.txt").read_text(encoding="utf-8"))
    original = sheet_of(LAYERS[name])
    assert Texts("ru").sheet(name) == translated
    assert named_in(translated.fields["See also"]) == named_in(original.fields["See also"])
    assert re.findall(r'\d{4}, "[^"]+"', translated.fields["Paper"]) == re.findall(
        r'\d{4}, "[^"]+"', original.fields["Paper"]
    )
    for text in (translated.title, translated.fields["Use it when"], translated.fields["Beware"]):
        assert re.search(r"[\u0430-\u044f]", text), "Cyrillic letters"


def test_every_heading_has_a_russian_word() -> None:
    wanted = [*FIELDS, *LAYERS_BY_KIND, *PAGES.values()]
    assert [words for words in wanted if words not in RUSSIAN] == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_layers_that_there_are(page: str) -> None:
    text = Texts().page(page)
    assert text.startswith("# ")
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert {word for word in named if word not in LAYERS} == set()
    assert max(len(line) for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.split("\n")) <= 78


def test_numbers_of_the_pages() -> None:
    _, convolution = built({"layer": "convolution", "channels": 128, "kernel_size": 4}, (256, 8, 8))
    _, linear = built({"layer": "linear", "units": 784}, (1024,))
    assert f"{num_parameters(convolution):,}" in Texts().page("convolutional")
    assert f"{num_parameters(linear):,}" in Texts().page("fully-connected")
    assert f"{num_parameters(nn.GRU(96, 160)):,}" in Texts().page("recurrent")


# Shapes, parameters, refusals


@pytest.mark.parametrize(("settings", "given", "expected", "parameters"), CASES, ids=name_of)
def test_output_is_the_modules_shape_and_the_parameters_are_the_sheets(
    settings: dict, given: Shape, expected: Shape, parameters: int
) -> None:
    layer, module = built(settings, given)
    give_stream(module, Stream(0, "test"))
    assert layer.output(given, Around()) == expected
    values = torch.randn(2, *given)
    assert copy.deepcopy(module)(values).shape == (2, *expected)
    assert num_parameters(module, trainable_only=True) == parameters
    with torch.device("meta"):
        nowhere = layer.build(given, Around())
        assert nowhere.eval()(torch.empty(2, *given)).shape == (2, *expected)


@pytest.mark.parametrize(("settings", "given"), [(case[0], case[1]) for case in CASES], ids=name_of)
def test_in_use_a_sample_does_not_depend_on_the_others(settings: dict, given: Shape) -> None:
    _, module = built(settings, given)
    values = torch.randn(3, *given)
    torch.testing.assert_close(module.eval()(values)[1:2], module(values[1:2]))


@pytest.mark.parametrize(("settings", "given", "words"), REFUSED, ids=name_of)
def test_wrong_shapes_are_refused_with_a_way_out(settings: dict, given: Shape, words: str) -> None:
    layer = layer_of(settings, "The test")
    with pytest.raises(LayerError, match=words):
        layer.output(given, Around())


def test_transposed_convolution_refuses_gaps() -> None:
    with pytest.raises(ConfigurationError, match=r"a window of 2 leaves gaps at stride 3.*kernel_size = 6"):
        layer_of({"layer": "transposed_convolution", "channels": 4, "kernel_size": 2, "stride": 3}, "The test")


def test_norms_by_their_formulas() -> None:
    values = torch.randn(4, 6, 3, 5) * 3 + 2
    axes = {"batch_norm": (0, 2, 3), "instance_norm": (2, 3), "layer_norm": (1, 2, 3)}
    for name, places in axes.items():
        _, module = built({"layer": name}, (6, 3, 5))
        variance, mean = torch.var_mean(values, places, correction=0, keepdim=True)
        torch.testing.assert_close(module(values), (values - mean) / (variance + 1e-5).sqrt(), rtol=1e-4, atol=1e-5)
    _, module = built({"layer": "group_norm", "num_groups": 3}, (6, 3, 5))
    groups = values.view(4, 3, 2, 3, 5)
    variance, mean = torch.var_mean(groups, (2, 3, 4), correction=0, keepdim=True)
    expected = ((groups - mean) / (variance + 1e-5).sqrt()).view_as(values)
    torch.testing.assert_close(module(values), expected, rtol=1e-4, atol=1e-5)


def test_batch_norm_remembers_by_its_momentum() -> None:
    _, module = built({"layer": "batch_norm", "momentum": 0.25}, (1,))
    module(torch.tensor([[1.0], [3.0]]))
    assert module.running_mean.item() == pytest.approx(0.25 * 2)
    assert module.running_var.item() == pytest.approx(0.75 * 1 + 0.25 * 2)  # torch keeps the unbiased variance


# The modules of this project


def test_pixel_norm_by_hand() -> None:
    values = torch.tensor([[3.0, 4.0, 0.0, 0.0]])  # mean square 25 / 4
    torch.testing.assert_close(PixelNorm()(values), values / 2.5)
    image = torch.randn(2, 5, 3, 4)
    torch.testing.assert_close(PixelNorm()(image).square().mean(1), torch.ones(2, 3, 4))
    torch.testing.assert_close(PixelNorm()(image.flatten(2).mT), PixelNorm()(image).flatten(2).mT)
    assert PixelNorm()(torch.zeros(1, 4)).abs().max() == 0


def test_top_k_by_hand() -> None:
    values = torch.tensor([[1.0, -5.0, 3.0, 2.0], [-4.0, -1.0, -2.0, -3.0], [2.0, 2.0, 2.0, 0.0]], requires_grad=True)
    kept = TopK(2)(values)
    assert kept.tolist() == [[0, 0, 3, 2], [0, -1, -2, 0], [2, 2, 2, 0]]
    kept.sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [[0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 0]]
    image = torch.randn(2, 5, 3, 4)
    assert ((TopK(2)(image) != 0).sum(1) == 2).all()
    assert ((TopK(2)(image.flatten(2).mT) != 0).sum(2) == 2).all()


def test_reshape_between_image_and_sequence_goes_place_by_place() -> None:
    image = torch.arange(24).view(1, 2, 3, 4)
    tokens = Reshape((12, 2))(image)
    assert tokens[0, 5].tolist() == image[0, :, 1, 1].tolist()
    rows = Reshape((3, 8))(image)
    assert rows[0, 2, :4].tolist() == [image[0, 0, 2, 0], image[0, 1, 2, 0], image[0, 0, 2, 1], image[0, 1, 2, 1]]
    for sequence in (tokens, rows):
        assert torch.equal(Reshape((2, 3, 4))(sequence), image)
    assert torch.equal(Reshape((24,))(image), image.flatten(1))


def test_crop_takes_the_middle() -> None:
    image = torch.arange(30).view(1, 1, 5, 6)
    assert CentreCrop(3, 2)(image).flatten().tolist() == [8, 9, 14, 15, 20, 21]
    assert CentreCrop(2, 6)(image).flatten().tolist() == list(range(6, 18))


def test_global_pool_by_hand() -> None:
    image = torch.arange(8.0).view(1, 2, 2, 2)
    assert GlobalPool("sum")(image).tolist() == [[6, 22]]
    assert GlobalPool("mean")(image).tolist() == [[1.5, 5.5]]
    assert GlobalPool("sum")(image.view(1, 4, 2)).tolist() == [[12, 16]]


def direct_blur(x: Tensor, taps: list[float]) -> Tensor:
    """y[i, j] = sum_u,v t[u] t[v] x[i + u - T // 2, j + v - T // 2] / (sum t)^2, zeros outside, x [H, W]."""
    out = torch.zeros_like(x)
    begin = len(taps) // 2
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            for u, first in enumerate(taps):
                for v, second in enumerate(taps):
                    row, column = i + u - begin, j + v - begin
                    if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                        out[i, j] += first * second * x[row, column] / sum(taps) ** 2
    return out


@pytest.mark.parametrize("taps", [[1.0, 3.0, 3.0, 1.0], [1.0, 2.0, 1.0], [2.0, 1.0]], ids=str)
def test_blur_by_its_formula(taps: list[float]) -> None:
    image = torch.randn(2, 3, 6, 8)
    blurred = torch.stack([torch.stack([direct_blur(channel, taps) for channel in sample]) for sample in image])
    torch.testing.assert_close(Blur2d(taps)(image), blurred, rtol=1e-4, atol=1e-5)
    offset = 1 - len(taps) % 2  # an even number of taps halves between the pixels
    torch.testing.assert_close(
        BlurDownsample(taps)(image)[..., : 3 - offset, : 4 - offset],
        blurred[..., offset::2, offset::2][..., : 3 - offset, : 4 - offset],
        rtol=1e-4,
        atol=1e-5,
    )


def test_blurred_doubling_is_linear_interpolation_and_keeps_a_plain_map_plain() -> None:
    image = torch.randn(2, 3, 5, 6)
    linear = nn.functional.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(BlurUpsample()(image)[..., 1:-1, 1:-1], linear[..., 1:-1, 1:-1])
    plain = torch.full((1, 1, 8, 8), 0.7)
    torch.testing.assert_close(BlurUpsample()(plain)[..., 2:-2, 2:-2], torch.full((1, 1, 12, 12), 0.7))
    torch.testing.assert_close(BlurDownsample()(plain)[..., 1:-1, 1:-1], torch.full((1, 1, 2, 2), 0.7))


def test_blurred_halving_is_the_adjoint_of_doubling() -> None:
    """<down(x), y> = <x, up(y)> / 4, with the same symmetric taps."""
    x, y = torch.randn(1, 2, 8, 10), torch.randn(1, 2, 4, 5)
    torch.testing.assert_close((BlurDownsample()(x) * y).sum() * 4, (x * BlurUpsample()(y)).sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "module", [Blur2d(), BlurDownsample(), BlurUpsample(), PixelNorm()], ids=lambda m: type(m).__name__
)
def test_can_be_differentiated_twice(module: nn.Module) -> None:
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    doubled = copy.deepcopy(module).double()
    assert gradcheck(doubled, x)
    assert gradgradcheck(doubled, x)
