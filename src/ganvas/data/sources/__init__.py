"""Where images come from: one file and one row per source."""

from ganvas.catalogue import Entry

SOURCES: dict[str, Entry] = {
    "digits": Entry("ganvas.data.sources.digits:DIGITS", "1,797 handwritten digits, 8x8, embedded: no download"),
    "mnist": Entry("ganvas.data.sources.mnist:MNIST", "70,000 handwritten digits, 28x28, ten classes"),
    "idx": Entry("ganvas.data.sources.idx:IDX", "IDX files as MNIST publishes them, .gz too, or a folder of them"),
    "folder": Entry("ganvas.data.sources.folder:FOLDER", "a folder of images, flat or one sub-folder per class"),
}
"""Rows that read paths are asked in this order whether a path is theirs."""
