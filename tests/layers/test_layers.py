import pytest
import torch

from ganvas.errors import TrainingError
from ganvas.layers.adaptive_instance_norm import AdaptiveInstanceNorm
from ganvas.layers.convolution import SameConv2d
from ganvas.layers.dropout import Dropout
from ganvas.layers.instance_norm import instance_norm
from ganvas.layers.transposed_convolution import SameConvTranspose2d
from ganvas.players import give_stream
from ganvas.seeds import Stream


def test_dropout_keeps_the_mean_and_depends_on_the_sample_alone() -> None:
    layer = Dropout(0.3)
    player = torch.nn.Sequential(torch.nn.Identity(), layer)
    values = torch.ones(8, 1000)
    give_stream(player, Stream(0, "test", 4))
    whole = player(values)
    assert whole.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert abs(whole.mean() - 1) < 0.03
    give_stream(player, Stream(0, "test", 4, first=5))
    torch.testing.assert_close(player(values[5:]), whole[5:])
    give_stream(player, Stream(0, "test", 5))
    assert (player(values) != whole).any()


def test_dropout_is_nothing_in_evaluation_and_says_what_it_needs_in_training() -> None:
    layer, values = Dropout(0.3), torch.randn(2, 3)
    with pytest.raises(TrainingError, match="give_stream"):
        layer(values)
    torch.testing.assert_close(layer.eval()(values), values)


@pytest.mark.parametrize(("size", "stride", "kernel"), [(28, 2, 3), (14, 1, 3), (7, 2, 3), (9, 3, 5), (6, 2, 4)])
def test_same_convolution_by_the_definition(size: int, stride: int, kernel: int) -> None:
    """out[o] = sum_k w[k] x[stride o + k - begin], begin = total // 2, as TensorFlow documents it."""
    layer = SameConv2d(1, 1, kernel, stride)
    image = torch.randn(1, 1, size, size)
    out = layer(image)
    rows = -(-size // stride)
    assert out.shape == (1, 1, rows, rows)
    begin = max((rows - 1) * stride + kernel - size, 0) // 2
    for row, column in ((0, 0), (rows - 1, 0), (rows // 2, rows - 1)):
        total = layer.bias[0].item()
        for i in range(kernel):
            for j in range(kernel):
                y, x = stride * row + i - begin, stride * column + j - begin
                if 0 <= y < size and 0 <= x < size:
                    total += (layer.weight[0, 0, i, j] * image[0, 0, y, x]).item()
        assert out[0, 0, row, column].item() == pytest.approx(total, abs=1e-5)


@pytest.mark.parametrize(("kernel", "stride"), [(5, 2), (4, 2), (3, 1), (5, 1)])
def test_same_transposed_convolution_is_the_adjoint_of_the_convolution(kernel: int, stride: int) -> None:
    """<conv(x), y> = <x, transposed(y)> with the same kernel: the definition of Keras' Conv2DTranspose "same"."""
    convolution, transposed = SameConv2d(2, 3, kernel, stride), SameConvTranspose2d(3, 2, kernel, stride)
    with torch.no_grad():
        transposed.weight.copy_(convolution.weight)
        convolution.bias.zero_()
        transposed.bias.zero_()
    x, y = torch.randn(1, 2, 7 * stride, 7 * stride), torch.randn(1, 3, 7, 7)
    torch.testing.assert_close((convolution(x) * y).sum(), (x * transposed(y)).sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("style", [False, True], ids=["plain", "adaptive"])
def test_gradients_of_one_image_are_the_same_in_either_order_of_memory(style: bool) -> None:
    """The next convolution hands back gradients in NHWC order, which torch 2.13's own instance_norm misreads."""

    class Styled(AdaptiveInstanceNorm):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x, torch.ones(len(x), 5, dtype=x.dtype))

    torch.manual_seed(0)
    norm = Styled(4, 5) if style else instance_norm(4)
    network = torch.nn.Sequential(norm, torch.nn.Conv2d(4, 3, 3)).double()
    image = torch.randn(1, 4, 6, 6, dtype=torch.float64)
    found = []
    for order in (torch.contiguous_format, torch.channels_last):
        given = image.clone().requires_grad_()
        network.to(memory_format=order)(given).square().sum().backward()
        assert given.grad is not None
        found.append(given.grad)
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-12)
