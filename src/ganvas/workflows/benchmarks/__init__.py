"""Named benchmarks: images, how generators of them are judged, and what others have published on it; one file each."""

from ganvas.catalogue import Entry

BENCHMARKS: dict[str, Entry] = {
    "stacked-mnist": Entry(
        "ganvas.workflows.benchmarks.stacked_mnist:STACKED_MNIST",
        "1,000 known modes, three digits in a picture: how many a generator finds, and how evenly it draws them",
    ),
}
