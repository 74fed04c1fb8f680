"""What `torchvision.datasets.ImageFolder` with Resize, CenterCrop and ToTensor does to a file, with Pillow and torch.

Written out, so that the comparison needs no torchvision: its default loader opens and converts with Pillow, and its
transforms of Pillow images call the same functions of Pillow and torch as these lines.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset


class ImageFolder(Dataset[tuple[torch.Tensor, int]]):
    """Images float32 [3, size, size] in [0, 1] and labels; the folder of a file is its class."""

    def __init__(self, folder: str, size: int) -> None:
        self.size = size
        self.paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        names = sorted({path.parent.name for path in self.paths})
        self.labels = [names.index(path.parent.name) for path in self.paths]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with self.paths[index].open("rb") as file:
            image = Image.open(file).convert("RGB")
        scale = self.size / min(image.size)
        if scale != 1:
            sides = round(image.width * scale), round(image.height * scale)
            image = image.resize(sides, Image.Resampling.BILINEAR)
        if image.size != (self.size, self.size):
            left, top = (image.width - self.size) // 2, (image.height - self.size) // 2
            image = image.crop((left, top, left + self.size, top + self.size))
        values = torch.from_numpy(np.array(image, np.uint8, copy=True)).permute(2, 0, 1).contiguous()
        return values.to(torch.float32).div(255), self.labels[index]
