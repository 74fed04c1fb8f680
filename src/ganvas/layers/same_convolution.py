"""Convolutions with TensorFlow's "same" padding: the output is the input's size over (or times) the stride.

Formula: y[o] = sum_k w[k] x[s o + k - begin]; padding max((ceil(H/s) - 1) s + k - H, 0), the odd pixel at the end
Shapes: Conv [N, C, H, W] -> [N, D, ceil(H/s), ceil(W/s)]; ConvTranspose [N, C, H, W] -> [N, D, H s, W s]
Parameters: C D k^2 + D
Use it when: reproducing networks published for Keras or TensorFlow to the pixel
Beware: torch's `padding=1` shifts a strided 3x3 window by one pixel against it
Paper: Abadi et al. 2015, "TensorFlow"; Dumoulin and Visin 2016, "A guide to convolution arithmetic"
See also: torch.nn.Conv2d, torch.nn.ConvTranspose2d
"""

import torch.nn.functional as F
from torch import Tensor, nn


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride)

    def forward(self, input: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, ceil(H / stride), ceil(W / stride)]."""
        totals = [_total_padding(size, self.kernel_size[0], self.stride[0]) for size in input.shape[2:]]
        if all(total % 2 == 0 for total in totals):
            padding = [total // 2 for total in totals]
            return F.conv2d(input, self.weight, self.bias, self.stride, padding)
        edges = [edge for total in reversed(totals) for edge in (total // 2, total - total // 2)]
        return F.conv2d(F.pad(input, edges), self.weight, self.bias, self.stride)


class SameConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution whose output is exactly `stride` times its input, cropped as TensorFlow does."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> None:
        begin = max(kernel_size - stride, 0) // 2
        super().__init__(in_channels, out_channels, kernel_size, stride, padding=begin)

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map [N, C, H, W] to [N, D, H * stride, W * stride]."""
        height, width = (size * self.stride[0] for size in input.shape[2:])
        return super().forward(input, output_size)[:, :, :height, :width]


def _total_padding(size: int, kernel_size: int, stride: int) -> int:
    return max((-(-size // stride) - 1) * stride + kernel_size - size, 0)
