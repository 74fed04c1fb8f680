"""Feature networks: what turns images into the numbers that metrics compare.

A row of `FEATURES` is a function from the folder of its weights (None for rows without weights) to a
`FeatureNetwork`. One whose weights are absent is refused, never replaced by another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import UsageError
from ganvas.images import Pixels
from ganvas.metrics.classifier import Classifier, load_classifier
from ganvas.metrics.protocol import ImageSet, View
from ganvas.metrics.resizing import area_averaged
from ganvas.progress import Progress, Silent


@dataclass(frozen=True)
class FeatureNetwork:
    """A named function from images uint8 [N, H, W, C] to features [N, d].

    `name` is its part of a protocol name: the row of FEATURES, then, where there are weights, which and the first 8
    digits of their SHA-256. `tells` says what its scores can and cannot tell; `classify` gives class logits [N, K]
    from the features, where the network has classes; `resizer` is how images become the size it takes. `expensive` says
    whether the features take long enough to be kept on the disk.
    """

    name: str
    tells: str
    extract: Callable[[Pixels], NDArray[np.float32]]
    classify: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    resizer: str = "none"
    batch_size: int = 250
    expensive: bool = True

    @property
    def row(self) -> str:
        """The row of FEATURES: the first part of the name."""
        return self.name.partition("-")[0]

    def features(self, pixels: Pixels, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the features [N, d] of any number of images, batch by batch."""
        progress, parts = progress or Silent(), []
        for start in range(0, len(pixels), self.batch_size):
            parts.append(self.extract(pixels[start : start + self.batch_size]))
            progress.advance(len(parts[-1]))
        return np.concatenate(parts)

    def view(self, images: ImageSet, progress: Progress | None = None) -> View:
        """Return features, class logits and labels of a set of images."""
        features = self.features(images.pixels, progress)
        return self.view_of(features, images)

    def view_of(self, features: NDArray[np.float32], images: ImageSet) -> View:
        """Return the view of images whose features [N, d] are known."""
        return View(features, self.classify(features) if self.classify else None, images.labels, images.pixels)


def of_classifier(trained: Classifier) -> FeatureNetwork:
    """Return the last hidden layer of a classifier as a feature network."""
    return FeatureNetwork(
        trained.name,
        f"Features of a classifier of this dataset's own {trained.card.num_classes} classes (right on "
        f"{trained.card.accuracy:.2%} of {trained.card.num_held_out} held-out images). They tell whether images show "
        "the classes, as varied as the real ones; differences that do not matter for the class, such as background, "
        "texture or fine noise, may go unseen. Not comparable with scores from Inception features.",
        trained.features,
        trained.logits,
    )


def classifier(folder: Path | None = None) -> FeatureNetwork:
    """Return the feature network of the classifier saved in `folder`; raise `UsageError` where no folder is given."""
    if folder is None:
        raise UsageError(
            "The features `classifier` need the folder of a trained classifier; none was given. "
            "Give one, or score with `pixels8`."
        )
    return of_classifier(load_classifier(folder))


def pixels8(_folder: Path | None = None) -> FeatureNetwork:
    """Return the fallback without weights: images averaged to 8x8 pixels, [N, 64 C] in [0, 1]."""
    return FeatureNetwork(
        "pixels8",
        "Images averaged down to 8x8 pixels, for sets without labels. They tell whether colours, brightness and "
        "rough layout, and their variety, are those of the real images; they cannot tell sharp from blurred, nor a "
        "right shape or texture from a wrong one. Look at the images too.",
        lambda images: area_averaged(images, 8).reshape(len(images), -1) / np.float32(255),
        resizer="area8",
        expensive=False,
    )


def pixels(_folder: Path | None = None) -> FeatureNetwork:
    """Return every pixel as it is: [N, H W C] in [0, 1]."""
    return FeatureNetwork(
        "pixels",
        "Every pixel as it is. They tell whether images lie where real ones lie, fast enough to follow a training; "
        "a shift by one pixel counts as much as a wrong shape.",
        lambda images: np.divide(images.reshape(len(images), -1), 255, dtype=np.float32),
        expensive=False,
    )
