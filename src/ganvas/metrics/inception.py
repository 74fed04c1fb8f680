"""The Inception network of FID: TensorFlow's of 5 December 2015 (Szegedy et al. 2016, Heusel et al. 2017).

Its weights are those that the FID of the literature is computed with, in the translation that pytorch-fid publishes
(Apache 2.0); a later Inception, such as torchvision's, gives other numbers. Modules are named as in that file. Three
things differ from the architecture of the paper, "Rethinking the Inception Architecture for Computer Vision"
(https://arxiv.org/abs/1512.00567), since the 2015 graph has them: averages over 3x3 leave the padding out, the last
block takes the maximum instead, and there are 1,008 classes, of which 1,000 are in use.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.inference import in_float32
from ganvas.metrics.resizing import clean_resized
from ganvas.metrics.weights import WEIGHTS, load_published
from ganvas.tensors import load_state, without_memory

SIZE, NUM_FEATURES, NUM_CLASSES = 299, 2048, 1008


class Inception(nn.Module):
    """Maps images [N, 3, 299, 299] in 0..255 to class logits [N, 1008] through features [N, 2048]."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, 3)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, 3)
        self.Mixed_5b = _BlockA(192, 32)
        self.Mixed_5c = _BlockA(256, 64)
        self.Mixed_5d = _BlockA(288, 64)
        self.Mixed_6a = _BlockB(288)
        self.Mixed_6b = _BlockC(768, 128)
        self.Mixed_6c = _BlockC(768, 160)
        self.Mixed_6d = _BlockC(768, 160)
        self.Mixed_6e = _BlockC(768, 192)
        self.Mixed_7a = _BlockD(768)
        self.Mixed_7b = _BlockE(1280, _average)
        self.Mixed_7c = _BlockE(2048, _maximum)
        self.fc = nn.Linear(NUM_FEATURES, NUM_CLASSES)

    def features(self, images: Tensor) -> Tensor:
        """Return the features [N, 2048]: the last map's averages."""
        x = (images - 128) / 128  # as the 2015 graph does
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))  # [N, 64, 147, 147]
        x = F.max_pool2d(x, 3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))  # [N, 192, 71, 71]
        x = F.max_pool2d(x, 3, stride=2)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))  # [N, 288, 35, 35]
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))  # [N, 768, 17, 17]
        x = self.Mixed_7a(self.Mixed_6e(self.Mixed_6d(x)))  # [N, 1280, 8, 8]
        return self.Mixed_7c(self.Mixed_7b(x)).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Return class logits [N, 1008]."""
        return self.fc(self.features(images))


def inception(folder: Path | None = None) -> FeatureNetwork:
    """Return the Inception of FID with the weights found in `folder`, or where `weights.py` looks.

    Its `classify` gives logits without their bias, as the Inception score of Salimans et al. 2016 takes them.
    """
    network = load_inception(folder)
    head = network.fc.weight.detach().numpy()  # [1008, 2048]
    run = in_float32(network.features, network)

    def extract(pixels: Pixels) -> NDArray[np.float32]:
        return run(clean_resized(pixels, SIZE))

    return FeatureNetwork(
        f"inception-{WEIGHTS['inception'].file.sha256[:8]}",
        "Features of the Inception that FID is defined by, which learnt the photos of ImageNet. They tell whether "
        "photos of things and animals, their textures and variety, are those of the real images; for faces, digits, "
        "drawings and other sets far from ImageNet they rank less well, and differences small at 299x299 pixels "
        "may go unseen. With clean resizing (Parmar et al. 2022): comparable with published values so computed, of as "
        "many images.",
        extract,
        lambda features: np.asarray(features, np.float32) @ head.T,
        resizer="clean299",
        batch_size=50,
    )


def load_inception(folder: Path | None = None) -> Inception:
    """Return the network with the published weights; raise `ModelError` saying how to get them where absent."""
    tensors = load_published("inception", folder)
    kept = {name: tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}
    with without_memory():
        network = Inception()
    network.to_empty(device="cpu")
    load_state(network, kept, f"`{WEIGHTS['inception'].file.name}`")
    return network.eval().requires_grad_(False)


class _Normalisation(nn.Module):
    """Batch normalisation with running statistics alone, [N, C, H, W]; epsilon 0.001 as in the 2015 graph."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=0.001)


class _Convolution(nn.Module):
    """Convolution, normalisation, ReLU."""

    def __init__(
        self,
        channels: int,
        width: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel, stride, padding, bias=False)
        self.bn = _Normalisation(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _row(channels: int, width: int, length: int) -> _Convolution:
    """Return a convolution along the rows, 1 x length."""
    return _Convolution(channels, width, (1, length), padding=(0, length // 2))


def _column(channels: int, width: int, length: int) -> _Convolution:
    """Return a convolution along the columns, length x 1."""
    return _Convolution(channels, width, (length, 1), padding=(length // 2, 0))


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _maximum(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, stride=1, padding=1)


class _BlockA(nn.Module):
    """Figure 5 of the paper, its 5x5 convolution kept: [N, C, 35, 35] to [N, 224 + pool width, 35, 35]."""

    def __init__(self, channels: int, pool_width: int) -> None:
        super().__init__()
        self.branch1x1 = _Convolution(channels, 64, 1)
        self.branch5x5_1 = _Convolution(channels, 48, 1)
        self.branch5x5_2 = _Convolution(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = _Convolution(channels, 64, 1)
        self.branch3x3dbl_2 = _Convolution(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Convolution(96, 96, 3, padding=1)
        self.branch_pool = _Convolution(channels, pool_width, 1)

    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, double, self.branch_pool(_average(x))], 1)


class _BlockB(nn.Module):
    """Figure 10, from 35x35 to 17x17: [N, C, 35, 35] to [N, 480 + C, 17, 17]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3 = _Convolution(channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = _Convolution(channels, 64, 1)
        self.branch3x3dbl_2 = _Convolution(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Convolution(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, stride=2)], 1)


class _BlockC(nn.Module):
    """Figure 6, 7x7 convolutions as pairs: [N, C, 17, 17] to [N, 768, 17, 17]."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.branch1x1 = _Convolution(channels, 192, 1)
        self.branch7x7_1 = _Convolution(channels, width, 1)
        self.branch7x7_2 = _row(width, width, 7)
        self.branch7x7_3 = _column(width, 192, 7)
        self.branch7x7dbl_1 = _Convolution(channels, width, 1)
        self.branch7x7dbl_2 = _column(width, width, 7)
        self.branch7x7dbl_3 = _row(width, width, 7)
        self.branch7x7dbl_4 = _column(width, width, 7)
        self.branch7x7dbl_5 = _row(width, 192, 7)
        self.branch_pool = _Convolution(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), seven, double, self.branch_pool(_average(x))], 1)


class _BlockD(nn.Module):
    """From 17x17 to 8x8: [N, C, 17, 17] to [N, 512 + C, 8, 8]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = _Convolution(channels, 192, 1)
        self.branch3x3_2 = _Convolution(192, 320, 3, stride=2)
        self.branch7x7x3_1 = _Convolution(channels, 192, 1)
        self.branch7x7x3_2 = _row(192, 192, 7)
        self.branch7x7x3_3 = _column(192, 192, 7)
        self.branch7x7x3_4 = _Convolution(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat(
            [self.branch3x3_2(self.branch3x3_1(x)), self.branch7x7x3_4(seven), F.max_pool2d(x, 3, stride=2)], 1
        )


class _BlockE(nn.Module):
    """Figure 7, 3x3 convolutions forked: [N, C, 8, 8] to [N, 2048, 8, 8]; `pool` is the 3x3 pooling beside them."""

    def __init__(self, channels: int, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        self.branch1x1 = _Convolution(channels, 320, 1)
        self.branch3x3_1 = _Convolution(channels, 384, 1)
        self.branch3x3_2a = _row(384, 384, 3)
        self.branch3x3_2b = _column(384, 384, 3)
        self.branch3x3dbl_1 = _Convolution(channels, 448, 1)
        self.branch3x3dbl_2 = _Convolution(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = _row(384, 384, 3)
        self.branch3x3dbl_3b = _column(384, 384, 3)
        self.branch_pool = _Convolution(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        forked = [self.branch3x3_2a(three), self.branch3x3_2b(three)]
        forked += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)]
        return torch.cat([self.branch1x1(x), *forked, self.branch_pool(self.pool(x))], 1)
