"""Collecting images from the web for training sets, lawfully and safely."""

from ganvas.catalogue import Entry

COLLECTORS: dict[str, Entry] = {
    "url_list": Entry("ganvas.data.collecting.url_list:COLLECTOR", "a txt, csv, jsonl or parquet file of addresses"),
    "openverse": Entry("ganvas.data.collecting.openverse:COLLECTOR", "a search of openly licensed images, by --query"),
    "commons": Entry(
        "ganvas.data.collecting.commons:COLLECTOR", "a search or `Category:...` of Wikimedia Commons, by --query"
    ),
}
"""Every place that images can be collected from. `url_list` opens files, the others are opened by their names."""
