"""Which objectives find every mode? Small networks learn points of a ring of 8 and of a grid of 25 Gaussians.

python examples/modes.py --out modes.png

A point is an image of two channels and one pixel, so the very same engine plays as for photographs. With seeds 0 to 4
R3GAN's objective finds all 25 modes of the grid every time, the plain game 16 to 23; of the ring both find all 8.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import tyro
from PIL import Image, ImageDraw
from torch import Tensor, nn

from ganvas import players
from ganvas.images import ImageShape
from ganvas.players import Gan, Verdict
from ganvas.seeds import Stream
from ganvas.training.engine import Game, usable_cores
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.round import Round
from ganvas.training.settings import AdamConfig, AverageConfig, TrainingConfig

POINT, LATENT, WIDTH, SPREAD = ImageShape(2, 1, 1), 2, 96, 0.04
TURNS = 2 * np.pi * np.arange(8) / 8
TARGETS = {
    "ring of 8": 0.75 * np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1),
    "grid of 25": np.stack(np.meshgrid(*2 * [np.linspace(-0.8, 0.8, 5)]), axis=-1).reshape(-1, 2),
}
GAMMA = Term(weight=0.01)
BOTH = DiscriminatorPenalties(r1=GAMMA, r2=GAMMA)
PLAIN = {"non_saturating": ObjectiveConfig()}
R3GAN = {"r3gan": ObjectiveConfig(adversarial="relativistic", discriminator=BOTH)}
GP = DiscriminatorPenalties(gradient_penalty=Term(weight=1.0))
OTHERS = {
    **{name: ObjectiveConfig(adversarial=name) for name in ("saturating", "least_squares", "hinge", "relativistic")},
    "non_saturating + r1": ObjectiveConfig(discriminator=DiscriminatorPenalties(r1=GAMMA)),
    "wasserstein + gp": ObjectiveConfig(adversarial="wasserstein", discriminator=GP),
    "wasserstein, clipped": ObjectiveConfig(adversarial="wasserstein", weight_limit=0.1),
}


class Points:
    """Where real points come from: batch `index` is a pure function of the index."""

    class_shares = None

    def __init__(self, centres: np.ndarray, num: int, seed: int) -> None:
        self.centres, self.num, self.stream = centres, num, Stream(seed, "points")

    def batch(self, index: int) -> tuple[Tensor, None]:
        stream = self.stream._replace(step=index)
        chosen = self.centres[stream.child("mode").integers(self.num, len(self.centres))]
        points = chosen + SPREAD * stream.child("noise").normal(self.num, 2)
        return torch.from_numpy(points.astype(np.float32)).view(-1, 1, 1, 2), None


class Generator(players.Generator):
    def __init__(self) -> None:
        super().__init__(POINT, 0, LATENT)
        self.layers = layers(LATENT, 2)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layers(latents).view(-1, *POINT)


class Discriminator(players.Discriminator):
    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 1)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        return Verdict(self.layers(4 * images.flatten(1)).squeeze(1))


def layers(before: int, after: int) -> nn.Sequential:
    hidden = [nn.Sequential(nn.Linear(size, WIDTH), nn.LeakyReLU(0.2)) for size in (before, WIDTH, WIDTH)]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, after))


def learned(target: str, name: str, steps: int, seed: int) -> np.ndarray:
    """Train an objective on a target; return 2,500 points [N, 2] of the generator."""
    torch.set_num_threads(1)
    centres, objective = TARGETS[target], (PLAIN | R3GAN | OTHERS)[name]
    adam, num = AdamConfig(learning_rate=2e-3, beta1=0.0, beta2=0.99), 512
    config = TrainingConfig(
        batch_size=num,
        objective=objective,
        seed=seed,
        generator_optimizer=adam,
        discriminator_optimizer=adam,
        average=AverageConfig(halflife_images=100 * num),
        device="cpu",
    )
    torch.manual_seed(seed)
    game = Game(Gan(Generator(), Discriminator()), config)
    played = Round(game, config, Points(centres, config.batch_size, seed))
    for step in range(steps):
        played.play(step)
    with torch.no_grad():
        return game.average.generator(game.generator.draw_latents(Stream(seed, "shown"), 2500)).flatten(1).numpy()


def score(points: np.ndarray, centres: np.ndarray) -> tuple[int, float]:
    """Return how many modes have 1 % of the points within 3 standard deviations, and the share of such points."""
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    nearest = distances.argmin(1)[distances.min(1) < 3 * SPREAD]
    return int((np.bincount(nearest, minlength=len(centres)) >= 0.01 * len(points)).sum()), len(nearest) / len(points)


def picture(title: str, points: np.ndarray, centres: np.ndarray, size: int = 240) -> Image.Image:
    image = Image.new("RGB", (size, size + 16), "white")
    draw, scale = ImageDraw.Draw(image), size / 2.2
    for x, y in (centres + 1.1) * scale:
        draw.ellipse([x - 8, y + 8, x + 8, y + 24], outline="silver")
    for x, y in np.clip(points + 1.1, 0, 2.2) * scale:
        draw.point([x, y + 16], "navy")
    draw.text((4, 2), title, "black")
    return image


def main(out: Path = Path("modes.png"), steps: int = 1500, seed: int = 0, every: bool = False) -> None:
    """Train each objective on each target, print how many modes it found, and draw the points.

    Args:
        out: picture to write.
        steps: rounds of each game.
        seed: every draw is a function of it.
        every: also play the objectives that are neither the plain game nor R3GAN's.
    """
    names = [*PLAIN, *R3GAN, *(OTHERS if every else {})]
    sheet = Image.new("RGB", (240 * len(names), 256 * len(TARGETS)), "white")
    games = [(target, name) for target in TARGETS for name in names]
    with ProcessPoolExecutor(usable_cores(), get_context("spawn")) as pool:
        played = [pool.submit(learned, target, name, steps, seed) for target, name in games]
        for (target, name), game in zip(games, played, strict=True):
            points, centres = game.result(), TARGETS[target]
            modes, good = score(points, centres)
            print(f"{target:10}  {name:20}  {modes:2} of {len(centres):2} modes  {good:4.0%} within 3 sigma")
            shown = picture(f"{name}: {modes}/{len(centres)}, {good:.0%}", points, centres)
            sheet.paste(shown, (240 * names.index(name), 256 * list(TARGETS).index(target)))
    sheet.save(out)


if __name__ == "__main__":
    tyro.cli(main)
