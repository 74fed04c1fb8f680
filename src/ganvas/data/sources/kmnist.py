"""Kuzushiji-MNIST (Clanuwat et al. 2018): 60,000 + 10,000 cursive Japanese characters, 28x28 greyscale, CC-BY-SA-4.0.

Four IDX files named as MNIST's, in a folder `kmnist` so that the sets are not confused. Sizes and SHA-256 are those
that TensorFlow Datasets pins; of the inflated image files none is published.
"""

from ganvas.data.published import PublishedFile, PublishedSet
from ganvas.data.sources.idx import idx_source, published_pairs
from ganvas.data.sources.source import Reader, Request, Source

FILES = PublishedSet(
    title="Kuzushiji-MNIST",
    folder="kmnist",
    elsewhere=("KMNIST/raw",),  # where torchvision puts it
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            num_bytes=18_165_135,
            sha256="51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            num_bytes=29_497,
            sha256="e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            content_sha256="2a16eeae62da984b8bd24fa32e31d47291f01dac3fe84d5594f304f71e7d374b",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            num_bytes=3_041_136,
            sha256="edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            num_bytes=5_120,
            sha256="20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
    ),
    mirrors=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
)
CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


def open_kmnist(request: Request, published: PublishedSet = FILES) -> Source:
    """Open Kuzushiji-MNIST with its own split and the names of its classes."""
    pairs = published_pairs(published, request)
    return idx_source(request.name, "kmnist", pairs, "https://codh.rois.ac.jp/kmnist/", "CC-BY-SA-4.0", CLASSES)


KMNIST = Reader(open_kmnist)
