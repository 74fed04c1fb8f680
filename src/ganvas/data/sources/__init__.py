"""Where images come from: one file and one row per source."""

from ganvas.catalogue import Entry

SOURCES: dict[str, Entry] = {
    "digits": Entry("ganvas.data.sources.digits:DIGITS", "1,797 handwritten digits, 8x8, embedded: no download"),
    "mnist": Entry("ganvas.data.sources.mnist:MNIST", "70,000 handwritten digits, 28x28, ten classes"),
    "stacked-mnist": Entry(
        "ganvas.data.sources.stacked_mnist:STACKED_MNIST",
        "154,000 triples of its digits, one in each colour channel: 1,000 modes, no classes",
    ),
    "fashion-mnist": Entry("ganvas.data.sources.fashion_mnist:FASHION_MNIST", "70,000 clothes, 28x28, ten classes"),
    "kmnist": Entry("ganvas.data.sources.kmnist:KMNIST", "70,000 cursive characters, 28x28, ten classes"),
    "cifar10": Entry("ganvas.data.sources.cifar:CIFAR10", "60,000 colour photographs, 32x32, ten classes"),
    "cifar100": Entry("ganvas.data.sources.cifar:CIFAR100", "60,000 colour photographs, 32x32, 100 classes"),
    "cifar100-coarse": Entry("ganvas.data.sources.cifar:CIFAR100_COARSE", "the same in their 20 superclasses"),
    "idx": Entry("ganvas.data.sources.idx:IDX", "IDX files as MNIST publishes them, .gz too, or a folder of them"),
    "cifar": Entry("ganvas.data.sources.cifar:CIFAR", "CIFAR-10 or -100, python or binary, a folder or its .tar.gz"),
    "arrays": Entry("ganvas.data.sources.arrays:ARRAYS", "images and labels as NumPy arrays, .npy or .npz"),
    "parquet": Entry("ganvas.data.sources.parquet:PARQUET", "Parquet files of images as on the Hugging Face Hub"),
    "webdataset": Entry("ganvas.data.sources.webdataset:WEBDATASET", "a WebDataset shard (.tar), or a folder of them"),
    "archive": Entry("ganvas.data.sources.archive:ARCHIVE", "a ZIP or tar file (.gz, .bz2, .xz) of a folder of images"),
    "folder": Entry("ganvas.data.sources.folder:FOLDER", "a folder of images, flat or one sub-folder per class"),
}
"""Rows that read paths are asked in this order whether a path is theirs."""
