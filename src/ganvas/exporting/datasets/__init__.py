"""What a dataset folder is handed on as: one file and one row per format."""

from ganvas.catalogue import Entry

DATASET_EXPORTS: dict[str, Entry] = {
    "image-folder": Entry(
        "ganvas.exporting.datasets.image_folder:IMAGE_FOLDER", "PNG files by split and class, with metadata.jsonl"
    ),
    "parquet": Entry("ganvas.exporting.datasets.parquet:PARQUET", "Parquet files, laid out as on the Hugging Face Hub"),
    "webdataset": Entry(
        "ganvas.exporting.datasets.webdataset:WEBDATASET", "tar shards, mixed, for streaming in training"
    ),
    "stylegan": Entry("ganvas.exporting.datasets.stylegan:STYLEGAN", "zip files as NVIDIA's StyleGAN code reads them"),
}
