"""The layers with weights of their own design, against their papers' formulas, written out here in other words."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from ganvas.errors import ConfigurationError, TrainingError
from ganvas.layers.adaptive_instance_norm import AdaptiveInstanceNorm
from ganvas.layers.blur_pool import BlurUpsample
from ganvas.layers.class_heads import ClassHeads
from ganvas.layers.conditional_batch_norm import ConditionalBatchNorm2d
from ganvas.layers.equalised import EqualisedConv2d, EqualisedLinear
from ganvas.layers.label_embedding import JoinedLabels, LabelEmbedding
from ganvas.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from ganvas.layers.modulated_convolution import ModulatedConv2d
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.layers.projection import ClassProjection
from ganvas.layers.recurrent import Recurrent
from ganvas.layers.residual_block import DownBlock, UpBlock
from ganvas.layers.self_attention import SelfAttention
from ganvas.layers.skip_layer_excitation import SkipLayerExcitation
from ganvas.layers.spectral_norm import SINGULAR_VECTORS, spectral_normalised
from ganvas.layers.transformer_block import TransformerBlock
from ganvas.players import give_stream
from ganvas.seeds import Stream


def disturbed(layer: nn.Module) -> nn.Module:
    """Return the layer with noise on every weight, so that none is at its neutral start."""
    with torch.no_grad():
        for weight in layer.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return layer


def test_conditional_batch_norm_gives_each_class_its_own_scale_and_shift():
    layer, x, labels = ConditionalBatchNorm2d(3, 4), 2 * torch.randn(5, 3, 4, 6) + 1, torch.tensor([3, 0, 3, 1, 2])
    assert_close(layer(x, labels), nn.BatchNorm2d(3)(x), msg="it starts as a plain batch normalisation")
    disturbed(layer)
    values = x.numpy()
    normed = (values - values.mean((0, 2, 3), keepdims=True)) / np.sqrt(values.var((0, 2, 3), keepdims=True) + 1e-5)
    scale, shift = layer.scale.detach().numpy(), layer.shift.detach().numpy()
    wanted = np.stack(
        [
            scale[label][:, None, None] * image + shift[label][:, None, None]
            for image, label in zip(normed, labels.tolist(), strict=True)
        ]
    )
    assert_close(layer(x, labels).detach().numpy(), wanted, rtol=1e-4, atol=1e-5)


def test_adaptive_instance_norm_gives_maps_the_styles_mean_and_deviation():
    layer, x, style = AdaptiveInstanceNorm(3, 5), 4 * torch.randn(2, 3, 8, 7) - 3, torch.randn(2, 5)
    assert layer.affine.bias.tolist() == [1, 1, 1, 0, 0, 0]
    disturbed(layer)
    y = layer(x, style)
    told = style @ layer.affine.weight.T + layer.affine.bias
    assert_close(y.mean((2, 3)), told[:, 3:], rtol=1e-4, atol=1e-4)
    assert_close(y.var((2, 3), correction=0).sqrt(), told[:, :3].abs(), rtol=1e-4, atol=1e-4)


def matrix(layer: nn.Module) -> torch.Tensor:
    transposed = isinstance(layer, nn.ConvTranspose2d)
    return (layer.weight.transpose(0, 1) if transposed else layer.weight).detach().flatten(1)


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(6, 4, 4, 2), nn.Linear(7, 5), nn.Embedding(9, 4)],
    ids=lambda layer: type(layer).__name__,
)
def test_spectral_norm_reaches_the_largest_singular_value(layer: nn.Module):
    with torch.no_grad():
        layer.weight.mul_(7)
    before = matrix(layer)
    spectral_normalised(layer)
    for _ in range(1000):  # two singular values a hundredth apart need hundreds
        _ = layer.weight  # each look in training mode is one power iteration
    assert_close(matrix(layer), before / torch.linalg.svdvals(before)[0], rtol=1e-3, atol=1e-5)
    layer.eval()
    assert torch.equal(layer.weight, layer.weight), "evaluation moves nothing"


def test_spectral_norm_comes_back_from_state_copies_and_meta():
    def network() -> nn.Module:
        return spectral_normalised(nn.Sequential(DownBlock(2, 4, first=True), nn.Flatten(), nn.Linear(16, 1)))

    player, x = network(), torch.randn(3, 2, 4, 4, requires_grad=True)
    player(x)
    twin, other = copy.deepcopy(player), network()
    other.load_state_dict(player.state_dict())
    for again in (twin, other):
        assert torch.equal(again(x), copy.deepcopy(player)(x)), "the same power iteration follows"
        assert torch.equal(again.eval()(x), twin.eval()(x))
    (slope,) = torch.autograd.grad(player(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(value.grad.abs().sum() > 0 for name, value in player.named_parameters() if "original" in name)
    with torch.device("meta"):
        assert network()[2].weight.device.type == "meta"


def test_spectral_norm_skips_what_is_normalised_already_and_the_scales_of_classes():
    block = spectral_normalised(spectral_normalised(UpBlock(4, 6, num_classes=3)))
    normalised = {name.split(".")[0] for name in block.state_dict() if name.endswith("_u")}
    assert normalised == {"conv1", "conv2", "shortcut"}
    assert sum(name.endswith("_u") for name in block.state_dict()) == 3, "once each"
    assert torch.equal(block.norm1.scale, torch.ones(3, 4))


def test_an_average_that_copies_the_singular_vectors_keeps_layers_of_norm_one():
    """Their mean, while the vectors turn, is short: the average's layers would be several times too large."""
    layer = spectral_normalised(nn.Linear(32, 32, bias=False))
    copied, averaged = copy.deepcopy(layer).eval(), copy.deepcopy(layer).eval()
    optimizer = torch.optim.Adam(layer.parameters(), lr=3e-3)
    target = torch.randn(32, 32)
    for step in range(400):
        if step % 40 == 0:
            target = torch.randn(32, 32)
        optimizer.zero_grad()
        (layer.weight - target).square().sum().backward()
        optimizer.step()
        for mean, vectors_too in ((copied, False), (averaged, True)):
            for name, value in mean.state_dict().items():
                vector = name.endswith(SINGULAR_VECTORS) and not vectors_too
                value.lerp_(layer.state_dict()[name], 1.0 if vector else 0.02)
    assert torch.linalg.svdvals(copied.weight.detach())[0].item() < 1.2
    assert torch.linalg.svdvals(averaged.weight.detach())[0].item() > 1.4


def test_equalised_layers_keep_the_size_of_values_whatever_the_width():
    for features in (16, 1024):
        layer = EqualisedLinear(features, 400, bias_init=2.0, lr_multiplier=0.01)
        assert layer.weight.std().item() == pytest.approx(100, rel=0.05)
        assert (layer(torch.randn(200, features)) - 2).std().item() == pytest.approx(1, rel=0.05)
    layer, x = EqualisedConv2d(3, 5, 3, stride=2, padding=1, gain=2**0.5), torch.randn(2, 3, 9, 8)
    disturbed(layer)
    wanted = F.conv2d(x, layer.weight * (2 / 27) ** 0.5, layer.bias, 2, 1)
    assert_close(layer(x), wanted)
    assert EqualisedLinear(3, 4, bias=False).bias is None


def test_equalised_weights_learn_in_proportion_to_their_size():
    """One step of a sign-like optimiser moves the weight in use by lr g l / sqrt(n) (Karras 2018, section 4.1)."""
    layer = EqualisedLinear(64, 1, lr_multiplier=0.5)
    before = (layer.weight * layer.scale).detach().clone()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    layer(torch.rand(1, 64) + 0.5).sum().backward()
    optimizer.step()
    assert_close(before - layer.weight * layer.scale, torch.full((1, 64), 0.1 * 0.5 / 8), rtol=1e-3, atol=1e-5)


def by_hand(layer: ModulatedConv2d, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return equations 1 to 3 of Karras et al. 2020 with a kernel of its own for each image, laid as groups."""
    scales = style @ layer.style.weight.T / style.shape[1] ** 0.5 + layer.style.bias
    kernels = layer.weight[None] / layer.weight[0].numel() ** 0.5 * scales[:, None, :, None, None]
    if layer.demodulate:
        kernels = kernels / (kernels**2).sum((2, 3, 4), keepdim=True).add(1e-8).sqrt()
    num, out, _, size, _ = kernels.shape
    laid = x.reshape(1, -1, *x.shape[2:])
    y = F.conv2d(laid, kernels.reshape(num * out, -1, size, size), padding=size // 2, groups=num)
    return y.reshape(num, out, *x.shape[2:]) + layer.bias[:, None, None]


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_modulated_convolution_is_the_grouped_one_of_the_paper(size: int, demodulate: bool):
    layer = disturbed(ModulatedConv2d(6, 4, size, 7, demodulate))
    x, style = torch.randn(3, 6, 5, 8), torch.randn(3, 7)
    assert_close(layer(x, style), by_hand(layer, x, style), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_modulated_upsampling_is_a_smooth_doubling_and_then_the_convolution(size: int):
    """Both are linear maps of shifts: away from the border, the order of blur and convolution does not matter."""
    layer = disturbed(ModulatedConv2d(3, 2, size, 4, upsample=True))
    plain = ModulatedConv2d(3, 2, size, 4)
    plain.load_state_dict({name: value for name, value in layer.state_dict().items() if name != "blur"})
    with torch.no_grad():
        plain.weight.copy_(layer.weight.flip(2, 3))  # a transposed convolution lays its kernel, not the mirrored one
    x, style = torch.randn(2, 3, 8, 6), torch.randn(2, 4)
    y = layer(x, style)
    assert y.shape == (2, 2, 16, 12)
    assert_close(y[:, :, 4:-4, 4:-4], plain(BlurUpsample()(x), style)[:, :, 4:-4, 4:-4], rtol=1e-4, atol=1e-5)


def test_demodulated_maps_have_deviation_one_whatever_the_style():
    layer = ModulatedConv2d(64, 32, 3, 8)
    y = layer(torch.randn(4, 64, 16, 16), torch.tensor([[0.1], [1], [10], [100]]) * torch.randn(4, 8))[:, :, 1:-1, 1:-1]
    assert_close(y.std((1, 2, 3)), torch.ones(4), rtol=0.05, atol=0)
    with pytest.raises(ConfigurationError, match="odd side, not 4"):
        ModulatedConv2d(2, 2, 4, 3)


def test_noise_is_of_the_sample_and_the_layer_and_drawn_in_evaluation_too():
    player = nn.Sequential(NoiseInjection(), nn.Identity(), NoiseInjection())
    x = torch.zeros(4, 3, 5, 6)
    with pytest.raises(TrainingError, match="give_stream"):
        player(x)
    give_stream(player, Stream(1, "test", 2))
    assert torch.equal(player(x), x), "the strength starts at 0"
    with torch.no_grad():
        player[0].strength.fill_(2)
    whole = player(x)
    assert whole.std().item() == pytest.approx(2, rel=0.15)
    assert torch.equal(whole[:, 0], whole[:, 2]), "one map for all channels"
    assert torch.equal(player.eval()(x), whole)
    give_stream(player, Stream(1, "test", 2, first=3))
    assert torch.equal(player(x[3:]), whole[3:])
    give_stream(player, Stream(1, "test", 3))
    assert not torch.equal(player(x), whole)
    give_stream(player, Stream(1, "test", 2))
    assert not torch.equal(player[2](x), player[0](x) / 2)


@pytest.mark.parametrize(("num_classes", "upsample", "channels"), [(0, True, 5), (3, True, 4), (3, False, 5)])
def test_up_block_by_its_formula(num_classes: int, upsample: bool, channels: int):
    block = disturbed(UpBlock(4, channels, num_classes, upsample))
    x, labels = torch.randn(6, 4, 3, 5), torch.tensor([0, 2, 1, 1, 0, 2])
    told = (labels,) if num_classes else ()

    def doubled(values: torch.Tensor) -> torch.Tensor:
        return values.repeat_interleave(2, 2).repeat_interleave(2, 3) if upsample else values

    long = block.conv2(F.relu(block.norm2(block.conv1(doubled(F.relu(block.norm1(x, *told)))), *told)))
    wanted = long + block.shortcut(doubled(x))
    assert_close(block(x, labels), wanted)
    assert wanted.shape == (6, channels, 6, 10) if upsample else (6, channels, 3, 5)


@pytest.mark.parametrize(("first", "downsample"), [(True, True), (False, True), (False, False)])
def test_down_block_by_its_formula(first: bool, downsample: bool):
    block, x = disturbed(DownBlock(4, 6, downsample, first)), torch.randn(2, 4, 8, 6)
    kept = x.clone()

    def halved(values: torch.Tensor) -> torch.Tensor:
        rows = (values[:, :, ::2] + values[:, :, 1::2]) / 2
        return (rows[..., ::2] + rows[..., 1::2]) / 2 if downsample else values

    wanted = halved(block.conv2(F.relu(block.conv1(x if first else F.relu(x))))) + halved(block.shortcut(x))
    assert_close(block(x), wanted, rtol=1e-5, atol=1e-5)
    assert torch.equal(x, kept), "nothing is changed in place"
    same = DownBlock(4, 4, downsample=False)
    assert isinstance(same.shortcut, nn.Identity)


def test_self_attention_by_loops():
    layer, x = disturbed(SelfAttention(16)), torch.randn(2, 16, 4, 6)
    assert torch.equal(SelfAttention(16)(x), x), "it starts as nothing"
    with torch.no_grad():
        y = layer(x)
        queries, keys, values = layer.queries(x), layer.keys(x), layer.values(x)
        assert queries.shape[1] == keys.shape[1] == 2
        assert values.shape[1] == 8
        for image, row, column in ((0, 0, 0), (1, 3, 5), (1, 2, 1)):
            logits, seen = [], []
            for i in range(0, 4, 2):
                for j in range(0, 6, 2):
                    key = keys[image, :, i : i + 2, j : j + 2].amax((1, 2))
                    logits.append((queries[image, :, row, column] * key).sum())
                    seen.append(values[image, :, i : i + 2, j : j + 2].amax((1, 2)))
            shares = torch.tensor(logits).exp() / torch.tensor(logits).exp().sum()
            read = sum(share * value for share, value in zip(shares, seen, strict=True))
            wanted = x[image, :, row, column] + layer.strength * (layer.out.weight[:, :, 0, 0] @ read)
            assert_close(y[image, :, row, column], wanted, rtol=1e-4, atol=1e-5)


def test_transformer_block_is_torchs_norm_first_encoder_layer():
    block, x = disturbed(TransformerBlock(12, 3, 2)), torch.randn(2, 5, 12)
    twin = nn.TransformerEncoderLayer(12, 3, 24, 0.0, "gelu", batch_first=True, norm_first=True)
    with torch.no_grad():
        for theirs, ours in (
            (twin.self_attn.in_proj_weight, block.project.weight),
            (twin.self_attn.in_proj_bias, block.project.bias),
            (twin.self_attn.out_proj.weight, block.out.weight),
            (twin.self_attn.out_proj.bias, block.out.bias),
            (twin.linear1.weight, block.network[0].weight),
            (twin.linear1.bias, block.network[0].bias),
            (twin.linear2.weight, block.network[2].weight),
            (twin.linear2.bias, block.network[2].bias),
            (twin.norm1.weight, block.norm1.weight),
            (twin.norm1.bias, block.norm1.bias),
            (twin.norm2.weight, block.norm2.weight),
            (twin.norm2.bias, block.norm2.bias),
        ):
            theirs.copy_(ours)
    assert_close(block(x), twin(x), rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigurationError, match="divisor of 12"):
        TransformerBlock(12, 5)


@pytest.mark.parametrize(("num", "group"), [(8, 4), (6, 3), (7, 1), (2, 2), (1, 1)])
def test_minibatch_standard_deviation_takes_the_largest_divisor_and_neighbours(num: int, group: int):
    layer, x = MinibatchStandardDeviation(4, 2), torch.randn(num, 6, 3, 2)
    y = layer(x)
    assert y.shape == (num, 8, 3, 2)
    assert torch.equal(y[:, :6], x)
    for image in range(num):
        start = image // group * group
        rows = x[start : start + group].numpy()
        deviation = np.sqrt(rows.var(0) + 1e-8)
        for part in range(2):
            wanted = deviation[3 * part : 3 * part + 3].mean()
            assert_close(y[image, 6 + part], torch.full((3, 2), wanted), rtol=1e-4, atol=1e-6)


def test_minibatch_standard_deviation_keeps_real_and_generated_halves_apart():
    layer, real, fake = MinibatchStandardDeviation(), torch.randn(8, 4, 2, 2), torch.randn(8, 4, 2, 2)
    assert_close(layer(torch.cat([real, fake]))[:8], layer(real))
    with pytest.raises(ConfigurationError, match="divisor of 4"):
        MinibatchStandardDeviation(4, 3)(real)


def test_skip_layer_excitation_scales_channels_by_the_small_map():
    layer = disturbed(SkipLayerExcitation(3, 5))
    high, low = torch.randn(2, 5, 16, 16), torch.randn(2, 3, 8, 8)
    pooled = low.reshape(2, 3, 4, 2, 4, 2).mean((3, 5))
    first, second = layer.factors[1], layer.factors[3]
    hidden = torch.einsum("nchw,dchw->nd", pooled, first.weight) + first.bias
    hidden = torch.where(hidden > 0, hidden, 0.1 * hidden)
    factors = 1 / (1 + torch.exp(-(hidden @ second.weight[:, :, 0, 0].T + second.bias)))
    assert_close(layer(high, low), high * factors[:, :, None, None], rtol=1e-4, atol=1e-5)


def test_heads_by_their_formulas():
    features, labels = torch.randn(4, 6), torch.tensor([2, 0, 1, 2])
    head = disturbed(ClassProjection(6, 3))
    rows = head.embedding.weight[labels] + head.linear.weight
    assert_close(head(features, labels), (rows * features).sum(1) + head.linear.bias)
    alone = ClassProjection(6, 0)
    assert_close(alone(features), alone.linear(features)[:, 0])
    heads = ClassHeads(6, 3)
    verdict = heads(features)
    assert_close(verdict.scores, features @ heads.realness.weight[0] + heads.realness.bias)
    assert_close(verdict.class_logits, features @ heads.classes.weight.T + heads.classes.bias)


def test_labels_join_vectors_and_images_in_each_way():
    labels = torch.tensor([1, 0])
    assert_close(LabelEmbedding(2, 3)(labels).shape, torch.Size([2, 3]))
    vectors, images = torch.randn(2, 4), torch.randn(2, 4, 2, 3)
    joined = {way: JoinedLabels((4,), 2, 3, way) for way in ("concatenate", "multiply", "add")}
    rows = {way: layer.labels.embedding.weight[labels] for way, layer in joined.items()}
    assert_close(joined["concatenate"](vectors, labels), torch.cat([vectors, rows["concatenate"]], 1))
    assert_close(joined["multiply"](vectors, labels), vectors * rows["multiply"])
    assert_close(joined["add"](vectors, labels), vectors + rows["add"])
    assert_close(joined["multiply"](images, labels), images * rows["multiply"][:, :, None, None])
    beside = joined["concatenate"](images, labels)
    assert beside.shape == (2, 7, 2, 3)
    assert_close(beside[:, 4:, 1, 2], rows["concatenate"])
    plane = JoinedLabels((4, 2, 3), 2, 3, "plane")
    assert_close(plane(images, labels)[:, 4], plane.labels.embedding.weight[labels].view(2, 2, 3))


def gru_by_hand(cells: nn.GRU, x: torch.Tensor, suffix: str = "") -> torch.Tensor:
    """Return h after each step of a GRU cell, the formulas of the sheet in a loop."""
    into, over = getattr(cells, f"weight_ih_l0{suffix}"), getattr(cells, f"weight_hh_l0{suffix}")
    into_bias, over_bias = getattr(cells, f"bias_ih_l0{suffix}"), getattr(cells, f"bias_hh_l0{suffix}")
    memory, steps = torch.zeros(len(x), cells.hidden_size), []
    for step in range(x.shape[1]):
        a, c, e = (x[:, step] @ into.T + into_bias).chunk(3, dim=1)
        b, d, g = (memory @ over.T + over_bias).chunk(3, dim=1)
        reset, update = torch.sigmoid(a + b), torch.sigmoid(c + d)
        memory = (1 - update) * torch.tanh(e + reset * g) + update * memory
        steps.append(memory)
    return torch.stack(steps, 1)


def lstm_by_hand(cells: nn.LSTM, x: torch.Tensor) -> torch.Tensor:
    """Return h after each step of an LSTM cell."""
    memory = cell = torch.zeros(len(x), cells.hidden_size)
    steps = []
    for step in range(x.shape[1]):
        sums = x[:, step] @ cells.weight_ih_l0.T + cells.bias_ih_l0 + memory @ cells.weight_hh_l0.T + cells.bias_hh_l0
        enter, forget, new, out = sums.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        memory = torch.sigmoid(out) * torch.tanh(cell)
        steps.append(memory)
    return torch.stack(steps, 1)


def test_recurrent_layers_by_hand_written_cells():
    x = torch.randn(3, 5, 4)
    gru, lstm = Recurrent("gru", 4, 6), Recurrent("lstm", 4, 6)
    assert_close(gru(x), gru_by_hand(gru.cells, x), rtol=1e-4, atol=1e-6)
    assert_close(lstm(x), lstm_by_hand(lstm.cells, x), rtol=1e-4, atol=1e-6)
    last = Recurrent("gru", 4, 6, keep="last")
    assert_close(last(x), gru_by_hand(last.cells, x)[:, -1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("keep", ["all", "last"])
def test_recurrent_layers_read_backwards_too(keep: str):
    layer, x = Recurrent("gru", 4, 6, both_directions=True, keep=keep), torch.randn(3, 5, 4)
    forwards = gru_by_hand(layer.cells, x)
    backwards = gru_by_hand(layer.cells, x.flip(1), "_reverse")
    if keep == "all":
        assert_close(layer(x), torch.cat([forwards, backwards.flip(1)], 2), rtol=1e-4, atol=1e-6)
    else:
        assert_close(layer(x), torch.cat([forwards[:, -1], backwards[:, -1]], 1), rtol=1e-4, atol=1e-6)
