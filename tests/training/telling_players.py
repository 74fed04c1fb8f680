"""Small smooth players that tell everything an objective can ask for, and games of them."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ganvas import players
from ganvas.images import ImageShape
from ganvas.players import Gan, Verdict
from ganvas.seeds import Stream
from ganvas.training.engine import Game
from ganvas.training.round import Round
from ganvas.training.settings import TrainingConfig

SHAPE, LATENT, WIDTH, NUM_CLASSES = ImageShape(1, 8, 8), 4, 6, 3
OFFERS = frozenset({"classes", "embeddings", "reconstructions", "styles", "pairs", "domains"})


class Generator(players.StyledGenerator):
    def __init__(self) -> None:
        super().__init__(SHAPE, NUM_CLASSES, LATENT)
        self.embedding = nn.Embedding(NUM_CLASSES, LATENT)
        self.mapping = nn.Linear(LATENT, 2 * WIDTH)
        self.image = nn.Linear(2 * WIDTH, 64)

    def styles(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.mapping(latents + self.embedding(labels)).tanh().view(-1, 2, WIDTH)

    def synthesise(self, styles: Tensor) -> Tensor:
        return self.image(styles.flatten(1)).tanh().view(-1, *SHAPE)


class Discriminator(players.Discriminator):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Linear(64, WIDTH)
        self.score, self.classes = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, NUM_CLASSES)
        self.embed, self.decode = nn.Linear(WIDTH, 5), nn.Linear(WIDTH, 64)
        self.proxies = nn.Embedding(NUM_CLASSES, 5)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        features = self.features(images.flatten(1)).tanh()
        decoded = (self.decode(features).view(-1, *SHAPE), images)
        vectors, proxies = normalize(self.embed(features)), normalize(self.proxies.weight)
        return Verdict(self.score(features)[:, 0], self.classes(features), vectors, proxies, (decoded,))


class Noise:
    """Real images [N, 8, 8, 1], already scaled; batch `index` is a pure function of the index."""

    class_shares = None

    def __init__(self, num: int) -> None:
        self.num = num
        self.asked: list[int] = []

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        self.asked.append(index)
        stream = Stream(3, "real", index)
        images = torch.from_numpy(stream.uniform(self.num, 64)).float().mul(2).sub(1).view(-1, 8, 8, 1)
        return images, torch.from_numpy(stream.child("labels").integers(self.num, NUM_CLASSES))


def round_of(config: TrainingConfig, seed: int = 0) -> Round:
    """Return a round of a new game; the initial weights are a function of `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        gan = Gan(Generator(), Discriminator())
    return Round(Game(gan, config), config, Noise(config.batch_size))


def settings(**changes: object) -> TrainingConfig:
    """Return quick settings with fields replaced by their dotted names."""
    return TrainingConfig(batch_size=6, device="cpu").override(**changes)


def play(played: Round, num_rounds: int) -> Round:
    """Play on from the step reached."""
    for _ in range(num_rounds):
        played.play(played.game.step)
        played.game.step += 1
    return played
