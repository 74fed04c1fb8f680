"""Datasets in shards: files of some thousand images each, here or on object storage, read a few at a time."""

from ganvas.catalogue import Entry

SHARD_KINDS: dict[str, Entry] = {
    "webdataset": Entry("ganvas.data.shards.tar:images", "tar files, of which the PNG members are the images"),
    "parquet": Entry("ganvas.data.shards.parquet:images", "Parquet files with a column `image` of bytes"),
}
"""What shards may be: a function of a file's path that yields name and bytes of its images, PNG files, in order."""
