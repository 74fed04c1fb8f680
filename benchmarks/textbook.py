"""Both GANs the way a textbook trains them in PyTorch: plain layers, plain loop, nothing of ours.

Pictures are PIL images, turned into tensors one by one by a `DataLoader`; D sees real and generated images in separate
passes with separate losses; each loss is fetched with `.item()`; memory is NCHW, Adam the default one. The work asked
for is that of the recipes: the same layers, batch sizes and numbers of generated images.
"""

import time
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ganvas.images import Pixels

LATENT_SIZE = 100
SOFT_ONE = 0.95


class ToTensor:
    """PIL image to float tensor [C, H, W] in [0, 1], as torchvision's transform of that name."""

    def __call__(self, image: Image.Image) -> torch.Tensor:
        pixels = torch.from_numpy(np.array(image, np.uint8, copy=True)).view(image.height, image.width, -1)
        return pixels.permute(2, 0, 1).contiguous().float().div(255)


class Normalize:
    def __init__(self, mean: float, deviation: float) -> None:
        self.mean = mean
        self.deviation = deviation

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clone().sub_(self.mean).div_(self.deviation)


class Pictures(Dataset):
    """PIL images, turned into tensors one by one."""

    def __init__(self, pixels: Pixels, labels: np.ndarray) -> None:
        self.pixels, self.labels = pixels, labels
        self.to_tensor, self.normalize = ToTensor(), Normalize(0.5, 0.5)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        pixels = self.pixels[index]
        image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        return self.normalize(self.to_tensor(image)), int(self.labels[index])


class AcganGenerator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, LATENT_SIZE)
        self.linear = nn.Linear(LATENT_SIZE, 3 * 3 * 384)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Unflatten(1, (384, 3, 3)),
            nn.ConvTranspose2d(384, 192, 5),
            nn.ReLU(),
            nn.BatchNorm2d(192),
            nn.ConvTranspose2d(192, 96, 5, stride=2, padding=2, output_padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(96),
            nn.ConvTranspose2d(96, 1, 5, stride=2, padding=2, output_padding=1),
            nn.Tanh(),
        )

    def forward(self, noise: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.layers(self.linear(noise * self.embedding(labels)))


class AcganDiscriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, stride in ((1, 32, 2), (32, 64, 1), (64, 128, 2), (128, 256, 1)):
            layers += [nn.Conv2d(before, after, 3, stride, padding=1), nn.LeakyReLU(0.2), nn.Dropout(0.3)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.realness = nn.Sequential(nn.Linear(256 * 7 * 7, 1), nn.Sigmoid())
        self.classes = nn.Linear(256 * 7 * 7, 10)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.layers(images)
        return self.realness(features), self.classes(features)


def endless_batches(pixels: Pixels, labels: np.ndarray, batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield shuffled batches of a `DataLoader` over PIL images, epoch after epoch."""
    loader = DataLoader(Pictures(pixels, labels), batch_size, shuffle=True, drop_last=True)
    while True:
        yield from loader


class Textbook:
    """A plain loop over a `DataLoader`, one step at a time."""

    batch_size: int

    def __init__(self, generator: nn.Module, discriminator: nn.Module, pixels: Pixels, labels: np.ndarray) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.adversarial_loss = nn.BCELoss()
        self.batches = endless_batches(pixels, labels, self.batch_size)
        self.history: list[dict[str, float]] = []

    def run(self, steps: int) -> float:
        """Take some steps; return the seconds they took."""
        begun = time.perf_counter()
        for _ in range(steps):
            self.history.append(self.step(*next(self.batches)))
        return time.perf_counter() - begun

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
        raise NotImplementedError


class AcganTextbook(Textbook):
    batch_size = 100

    def __init__(self, pixels: Pixels, labels: np.ndarray) -> None:
        super().__init__(AcganGenerator(), AcganDiscriminator(), pixels, labels)
        self.class_loss = nn.CrossEntropyLoss()

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
        num = len(images)
        soft, fake = torch.full((num, 1), SOFT_ONE), torch.zeros(num, 1)

        self.optimizer_d.zero_grad()
        noise, wanted = torch.rand(num, LATENT_SIZE) * 2 - 1, torch.randint(0, 10, (num,))
        generated = self.generator(noise, wanted)
        real_score, real_class = self.discriminator(images)
        fake_score, fake_class = self.discriminator(generated.detach())
        real_loss = self.adversarial_loss(real_score, soft) + self.class_loss(real_class, labels)
        fake_loss = self.adversarial_loss(fake_score, fake) + self.class_loss(fake_class, wanted)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        self.optimizer_d.step()

        self.optimizer_g.zero_grad()
        noise, wanted = torch.rand(2 * num, LATENT_SIZE) * 2 - 1, torch.randint(0, 10, (2 * num,))
        score, class_ = self.discriminator(self.generator(noise, wanted))
        g_loss = self.adversarial_loss(score, torch.full((2 * num, 1), SOFT_ONE)) + self.class_loss(class_, wanted)
        g_loss.backward()
        self.optimizer_g.step()

        accuracy = (real_class.argmax(1) == labels).float().mean()
        return {"d": d_loss.item(), "g": g_loss.item(), "class accuracy": accuracy.item()}


class MlpTextbook(Textbook):
    batch_size = 64

    def __init__(self, pixels: Pixels, labels: np.ndarray) -> None:
        layers: list[nn.Module] = [nn.Linear(LATENT_SIZE, 128), nn.LeakyReLU(0.2)]
        for narrow, wide in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Linear(narrow, wide), nn.BatchNorm1d(wide), nn.LeakyReLU(0.2)]
        generator = nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
        hidden = [nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2)]
        discriminator = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(256, 1), nn.Sigmoid())
        super().__init__(generator, discriminator, pixels, labels)

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
        real, fake = torch.ones(len(images), 1), torch.zeros(len(images), 1)

        self.optimizer_d.zero_grad()
        generated = self.generator(torch.randn(len(images), LATENT_SIZE))
        real_loss = self.adversarial_loss(self.discriminator(images), real)
        fake_loss = self.adversarial_loss(self.discriminator(generated.detach()), fake)
        d_loss = real_loss + fake_loss
        d_loss.backward()
        self.optimizer_d.step()

        self.optimizer_g.zero_grad()
        generated = self.generator(torch.randn(len(images), LATENT_SIZE))
        g_loss = self.adversarial_loss(self.discriminator(generated), real)
        g_loss.backward()
        self.optimizer_g.step()
        return {"d": d_loss.item(), "g": g_loss.item()}


TEXTBOOK: dict[str, type[AcganTextbook] | type[MlpTextbook]] = {"acgan_mnist": AcganTextbook, "mlp_gan": MlpTextbook}
