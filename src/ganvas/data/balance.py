"""How evenly images are spread over the classes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ganvas.errors import DataError


class ClassBalance(NamedTuple):
    """What the numbers of images of the classes say."""

    imbalance_ratio: float
    """Images of the largest class for one of the smallest, 1 where all are equal; of classes that have images."""
    evenness: float
    """Entropy of the shares over that of equal shares (Pielou 1966), 0 (one class has all) to 1 (equal)."""
    effective_numbers: tuple[float, ...]
    """Of each class, in images: (1 - beta^n) / (1 - beta)."""
    num_empty: int
    """Classes without images."""


def balance(counts: Sequence[int]) -> ClassBalance:
    """Return the balance of classes of `counts` images; no classes, or no image in any, is a `DataError`.

    Effective numbers after Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples", eq. 2, with
    beta = (N - 1) / N for N images in all.
    """
    numbers = np.array(counts, np.float64)
    if not numbers.size or numbers.min() < 0 or not numbers.sum():
        raise DataError(f"Class balance needs the images of each class, and at least one image; found {list(counts)}.")
    total, present = numbers.sum(), numbers[numbers > 0]
    share = present / total
    evenness = float(-(share @ np.log(share)) / np.log(len(numbers))) if len(numbers) > 1 else 1.0
    # (1 - beta^n) / (1 - beta) with beta = 1 - 1/N, by logarithms, so that large N lose no digits
    effective = -np.expm1(numbers * np.log1p(-1 / total)) * total if total > 1 else numbers
    return ClassBalance(
        imbalance_ratio=float(present.max() / present.min()),
        evenness=max(evenness, 0.0),
        effective_numbers=tuple(effective.tolist()),
        num_empty=int((numbers == 0).sum()),
    )
