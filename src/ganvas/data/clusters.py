"""Pairs to clusters: images that belong together, and the one of each that stands for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def clusters(num: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cluster of each of `num` images [num] joined by pairs [P, 2], -1 for one that is alone.

    Clusters are numbered 0, 1, ... in the order of their first images.
    """
    if not len(pairs):
        return np.full(num, -1, np.int64)
    links = coo_array((np.ones(len(pairs), np.bool_), (pairs[:, 0], pairs[:, 1])), shape=(num, num))
    _, component = connected_components(links, directed=False)
    return _shared(component)


def representatives(
    cluster: NDArray[np.int64], areas: NDArray[np.int64], num_bytes: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of N images stand for their cluster [N]: the largest area, then the most bytes, then the first.

    `cluster` [N] is of `clusters`: an image alone stands for itself. `areas` are in pixels of the original.
    """
    order = np.lexsort((np.arange(len(cluster)), -num_bytes, -areas, cluster))
    kept = cluster == -1
    _, first = np.unique(cluster[order], return_index=True)
    kept[order[first]] = True
    return kept


def exact_groups(digests: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the group of each file [N] whose bytes another has too, -1 for the others, by their SHA-256 [N, 32].

    Groups are numbered 0, 1, ... in the order of their first files.
    """
    if not len(digests):
        return np.zeros(0, np.int64)
    return _shared(np.ascontiguousarray(digests).view("V32")[:, 0])


def _shared(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the group of each of N keys [N] that another equals, in the order of their firsts; -1 for the others."""
    _, first, inverse, sizes = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    shared = np.sort(first[sizes > 1])
    return np.where(sizes[inverse] > 1, np.searchsorted(shared, first[inverse]), -1)
