"""Whether a generator copies its training images: an audit by nearest neighbours among the features.

Nothing here has an absolute threshold: how near fresh real images are to training images depends on the features and on
how many images there are. So each number stands beside its value on held-out real images, which nobody copied.

    authenticity  share of images that are no nearer to their nearest training image than that one is to its own nearest
                  other (AuthPct; Alaa et al. 2022, https://arxiv.org/abs/2102.08921, section 4)
    c-t           Mann-Whitney test whether generated images lie nearer to the training images than held-out ones do,
                  per cell (Meehan et al. 2020, https://arxiv.org/abs/2004.05675); see `data_copying.py`
    FID gap       FID from training images minus FID from as many held-out ones: below 0 where images look more like the
                  very ones learnt from
    suspects      images that one can point at, with the training image they resemble

Suspicion goes by the nearness d_1 / mean(d_2 ... d_11), the distance to the nearest training image in proportion to
that of the next ten (after Carlini et al. 2023, https://arxiv.org/abs/2301.13188), which is alike in
crowded and empty regions. Accused are images with a smaller nearness than all held-out images but 1 in 1,000. So, by
construction, a fresh real image is accused with probability `false_accusation_rate`, k / (n + 1) for n held-out images
and k = max(1, n / 1000), and of the held-out ones themselves k - 1 are. Where more than that repeat training images
exactly, none can be accused: remove the duplicates from the dataset first. Copies are seen as the features see them:
through pixels a copy moved by one pixel is a new image, through those of a classifier it is a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from ganvas.errors import DataError
from ganvas.metrics.data_copying import CopyingTest
from ganvas.metrics.frechet import Moments, frechet_distance
from ganvas.metrics.intervals import of_share
from ganvas.metrics.protocol import Metric, Reading, Reference, Shared, View, as_matrix, require_same_width
from ganvas.seeds import Stream

NUM_NEIGHBOURS = 11
ACCUSED_SHARE = 1 / 1_000
"""Share of held-out images that a suspect may be no nearer than."""


class Neighbours(NamedTuple):
    """The nearest training image of each of N images: its number, its distance, and the nearness (0 for a copy)."""

    indices: NDArray[np.int64]
    distances: NDArray[np.float64]
    nearness: NDArray[np.float64]


class Search:
    """Finds the training images nearest to others, by Euclidean distance of features, exactly."""

    def __init__(self, training: NDArray[Any]) -> None:
        if len(training) < 3:
            raise DataError(f"The audit needs at least 3 training images; found {len(training)}. Give more images.")
        self.training = as_matrix(training)
        self._search = NearestNeighbors(algorithm="brute").fit(self.training)

    def neighbours(self, features: NDArray[Any]) -> Neighbours:
        """Return the nearest training image of each of features [N, d]."""
        require_same_width(self.training, features)
        features = as_matrix(features)
        distances, indices = self._search.kneighbors(features, min(NUM_NEIGHBOURS, len(self.training)))
        nearest = np.linalg.norm(features - self.training[indices[:, 0]], axis=1)  # to the bit: 0 for a copy
        usual = distances[:, 1:].mean(axis=1)
        nearness = np.divide(nearest, usual, out=np.ones_like(usual), where=usual > 0)  # 1 where all are one image
        return Neighbours(indices[:, 0], nearest, nearness)

    def authentic(self, found: Neighbours) -> NDArray[np.bool_]:
        """Return whether each image [N] is authentic: farther from its nearest than that is from its own nearest."""
        images, which = np.unique(found.indices, return_inverse=True)
        distances, _ = self._search.kneighbors(self.training[images], 2)  # the first is the image itself
        return distances[which, 1] < found.distances


@dataclass(frozen=True)
class Audit:
    """What nearest neighbours tell of copying; shares lie in [0, 1].

    `suspects` are numbers of generated images, the most suspicious first; `generated` and `held_out` hold the nearest
    training image of every image.
    """

    generated: Neighbours
    held_out: Neighbours
    suspects: NDArray[np.int64]
    false_accusation_rate: float
    authenticity: float
    held_out_authenticity: float
    copying: float
    fid_training: float
    fid_held_out: float

    @property
    def suspected_share(self) -> float:
        """Share of generated images accused of being near copies."""
        return len(self.suspects) / len(self.generated.indices)

    @property
    def fid_gap(self) -> float:
        """FID from training images minus FID from as many held-out ones; about 0 where nothing is copied."""
        return self.fid_training - self.fid_held_out

    def plain(self) -> dict[str, Any]:
        """Return the numbers, without those of single images, as plain JSON values."""
        return {
            "suspects": self.suspects.tolist(),
            "suspected_share": self.suspected_share,
            "false_accusation_rate": self.false_accusation_rate,
            "authenticity": self.authenticity,
            "held_out_authenticity": self.held_out_authenticity,
            "copying": self.copying,
            "fid_training": self.fid_training,
            "fid_held_out": self.fid_held_out,
            "fid_gap": self.fid_gap,
        }


def audit(training: View, held_out: View, generated: View, stream: Stream, shared: Shared | None = None) -> Audit:
    """Compare generated and held-out real images with all training images, as one feature network sees them.

    C_T is that of the metric of the same seed. `shared` is what metrics against the same training images left.
    Raises `DataError` for fewer than 3 training images, 2 held-out or 2 generated ones.
    """
    shared = shared or Shared()
    real, real_authentic = _looked_up(training.features, held_out.features, shared)
    fake, fake_authentic = _looked_up(training.features, generated.features, shared)
    suspects, rate = suspicious(fake.nearness, real.nearness)
    test = CopyingTest.prepared(training.features, held_out.features, Stream(stream.seed, "metrics/c-t"))
    some = np.sort(stream.child("training").permutation(len(training.features))[: len(real.indices)])
    law = Moments.of(generated.features).gaussian()
    fids = [
        frechet_distance(Moments.of(features).gaussian(), law)
        for features in (training.features[some], held_out.features[: len(some)])
    ]
    return Audit(
        generated=fake,
        held_out=real,
        suspects=suspects,
        false_accusation_rate=rate,
        authenticity=float(fake_authentic.mean()),
        held_out_authenticity=float(real_authentic.mean()),
        copying=test.of(generated.features).value,
        fid_training=fids[0],
        fid_held_out=fids[1],
    )


def suspicious(
    nearness: NDArray[np.float64], held_out_nearness: NDArray[np.float64]
) -> tuple[NDArray[np.int64], float]:
    """Return the images [S] nearer than almost any held-out one, the nearest first, and the rate of false accusations.

    The k-th smallest value of n held-out images is the bound: one more real image is below it with probability at most
    k / (n + 1), since each rank among n + 1 is as likely.
    """
    count = len(held_out_nearness)
    rank = max(1, int(ACCUSED_SHARE * count))
    bound = np.partition(held_out_nearness, rank - 1)[rank - 1]
    accused = np.flatnonzero(nearness < bound)
    return accused[np.argsort(nearness[accused], kind="stable")], rank / (count + 1)


def _looked_up(training: NDArray[Any], features: NDArray[Any], shared: Shared) -> tuple[Neighbours, NDArray[np.bool_]]:
    """Return the nearest training image of each of features [N, d], and whether each image is authentic."""

    def look_up() -> tuple[Neighbours, NDArray[np.bool_]]:
        search = Search(training)
        found = search.neighbours(features)
        return found, search.authentic(found)

    return shared.once("nearest training images", features, look_up)


def _against(reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
    def read(sample: View) -> Reading:
        _, authentic = _looked_up(reference.training.features, sample.features, reference.shared)
        share = float(authentic.mean())
        return Reading(share, interval=of_share(share, len(authentic)))

    return read


AUTHENTICITY = Metric("authenticity", _against, lower_is_better=False, fewest_samples=3, floor_is_best=True)
