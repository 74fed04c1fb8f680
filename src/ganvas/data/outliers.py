"""How far each image is from those most like it, by thumbnails: what belongs to no group of the set stands out."""

import numpy as np
from numpy.typing import NDArray

_NUM_COMPONENTS = 24
_NUM_NEIGHBOURS = 5
_MAX_REFERENCES = 4000
_BLOCK = 256


def outlyingness(thumbnails: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Return the logarithm of the distance of each of N images to its fifth neighbour [N]; thumbnails are [N, 256].

    Distances are Euclidean among the leading 24 principal components of the luma, to at most 4,000 references evenly
    spaced over the set (Ramaswamy et al. 2000, "Efficient algorithms for mining outliers from large data sets").
    """
    num = len(thumbnails)
    references = np.unique(np.linspace(0, num - 1, min(num, _MAX_REFERENCES)).astype(np.int64))
    components, mean = _components(thumbnails[references])
    known = _projected(thumbnails[references], components, mean)
    neighbours = min(_NUM_NEIGHBOURS, len(references) - 1)
    found = np.zeros(num)
    for start in range(0, num, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, num))
        places = _projected(thumbnails[block], components, mean)
        squares = (places**2).sum(1)[:, None] + (known**2).sum(1) - 2 * places @ known.T
        squares[block[:, None] == references] = np.inf  # itself
        found[block] = np.partition(squares, neighbours - 1, axis=1)[:, neighbours - 1] if neighbours else 0.0
    return 0.5 * np.log(np.maximum(found, 0) + 1.0)  # one grey level: distances below are rounding


def _components(thumbnails: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the leading principal directions [256, K] and the mean [256]."""
    values = thumbnails.astype(np.float64)
    mean = values.mean(0)
    centred = values - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    return directions[:, : -_NUM_COMPONENTS - 1 : -1].astype(np.float32), mean.astype(np.float32)


def _projected(
    thumbnails: NDArray[np.uint8], components: NDArray[np.floating], mean: NDArray[np.floating]
) -> NDArray[np.floating]:
    return (thumbnails - mean) @ components
