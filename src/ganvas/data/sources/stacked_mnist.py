"""Stacked MNIST (Srivastava et al. 2017, VEEGAN, https://arxiv.org/abs/1705.07761): a digit in each colour channel.

A picture shows one of 1,000 numbers, so the modes of the set are known: generators that leave some out are found out.
128,000 triples are drawn of the training digits, with replacement (Lin et al. 2018, PacGAN), and 26,000 of the test
digits are held out. There are no labels: nobody learns which numbers there are.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ganvas.data.sources.idx import IdxPair, idx_source, published_pairs
from ganvas.data.sources.mnist import FILES
from ganvas.data.sources.source import Item, Reader, Request, Source
from ganvas.data.splitting import SPLITS, Split
from ganvas.images import Pixels
from ganvas.seeds import Stream

NUM_TRAINING, NUM_HELD_OUT = 128_000, 26_000
_SEED = 0


def open_stacked_mnist(request: Request) -> Source:
    """Open the triples of MNIST, from local files or a mirror, every byte checked."""
    return stacked_source(request.name, published_pairs(FILES, request), NUM_TRAINING, NUM_HELD_OUT)


def stacked_source(name: str, pairs: list[IdxPair], num_training: int, num_held_out: int) -> Source:
    """Return so many triples of the digits of a set in two parts, those of its training and of its test images."""
    digits = idx_source(name, "mnist", pairs, "http://yann.lecun.com/exdb/mnist/", "CC-BY-SA-3.0")
    return Source(
        name=name,
        reader="stacked-mnist",
        origin=digits.origin,
        licence=digits.licence,
        channels=3,
        total=num_training + num_held_out,
        items=partial(_items, digits, {"train": num_training, "test": num_held_out}),
        fingerprint=f"{digits.fingerprint};{num_training};{num_held_out}",
    )


def triples(split: Split, num: int, num_digits: int) -> NDArray[np.int64]:
    """Return the numbers [num, 3] of the digits in the red, green and blue channels; longer lists begin alike."""
    drawn = Stream(_SEED, f"stacked-mnist/{split}").uniform(num, 3)
    return (drawn * num_digits).astype(np.int64)


def _items(digits: Source, counts: dict[Split, int]) -> Iterator[Item]:
    found: dict[str | None, list[Pixels]] = {}
    for item in digits.items():
        assert isinstance(item.content, np.ndarray)
        found.setdefault(item.split, []).append(item.content)
    for split in SPLITS:
        images = np.stack(found[split])  # [N, H, W]
        for index, chosen in enumerate(triples(split, counts[split], len(images))):
            stacked = np.ascontiguousarray(images[chosen].transpose(1, 2, 0))  # [H, W, 3]
            yield Item(f"{split}[{index}] = {', '.join(map(str, chosen))}", stacked, None, split)


STACKED_MNIST = Reader(open_stacked_mnist)
