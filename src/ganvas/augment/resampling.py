"""Images sampled at other places: Keys' cubic interpolation, mirrored at the borders, differentiable twice.

Formula: y(u, v) = sum_ij k(u - i) k(v - j) x[i, j] over the 4x4 nearest pixels, with
    k(t) = 1.5 |t|^3 - 2.5 |t|^2 + 1 up to 1, -0.5 |t|^3 + 2.5 |t|^2 - 4 |t| + 2 up to 2 (a = -1/2)
Paper: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing", eq. 15

Made of `gather` alone: it runs on any device, and autograd differentiates it as often as wanted, which of torch's own
`grid_sample` not every version and device offers. The original samples bilinearly between a wavelet's two passes at
twice the size; this is exact where a place falls on a pixel, and keeps more of fine detail than bilinear sampling.
"""

import torch
from torch import Tensor


def resample(images: Tensor, inverses: Tensor) -> Tensor:
    """Return images [N, C, H, W] whose pixel at p (from the middle) is what was at `inverses` [N, 3, 3] times p."""
    height, width = images.shape[2:]
    places = inverses[:, :2] @ _grid(images)  # [N, 2, H * W]
    columns, column_weights = _taps(places[:, 0] + (width - 1) / 2, width)
    rows, row_weights = _taps(places[:, 1] + (height - 1) / 2, height)
    flat = images.flatten(2)
    lines = []
    for row, row_weight in zip(rows, row_weights, strict=True):
        pixels = [
            weight[:, None] * flat.gather(2, (row * width + column)[:, None].expand(flat.shape))
            for column, weight in zip(columns, column_weights, strict=True)
        ]
        lines.append(row_weight[:, None] * sum(pixels[1:], pixels[0]))
    return sum(lines[1:], lines[0]).view(images.shape)


def mirrored(index: Tensor, side: int) -> Tensor:
    """Return whole places [...] folded into 0 ... side - 1 by mirrors at the outermost pixels: -1 becomes 1."""
    last = side - 1
    return last - (index.remainder(max(2 * last, 1)) - last).abs()


def _grid(images: Tensor) -> Tensor:
    """Return x, y and 1 [3, H * W] of all pixels."""
    height, width = images.shape[2:]
    x = torch.arange(width, dtype=images.dtype, device=images.device) - (width - 1) / 2
    y = torch.arange(height, dtype=images.dtype, device=images.device) - (height - 1) / 2
    return torch.stack([x.repeat(height), y.repeat_interleave(width), torch.ones_like(x).repeat(height)])


def _taps(places: Tensor, side: int) -> tuple[list[Tensor], list[Tensor]]:
    """Return the four nearest pixels of places [N, L] along one axis, and their weights [N, L]."""
    first = places.floor()
    t = places - first
    weights = [_far(1 + t), _near(t), _near(1 - t), _far(2 - t)]
    return [mirrored(first.long() + tap, side) for tap in (-1, 0, 1, 2)], weights


def _near(distance: Tensor) -> Tensor:
    """Return k at distances up to 1."""
    return (1.5 * distance - 2.5) * distance * distance + 1


def _far(distance: Tensor) -> Tensor:
    """Return k at distances from 1 to 2."""
    return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
