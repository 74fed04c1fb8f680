"""Where files are decoded: one file and one row per engine. All give the same findings in the same order."""

from ganvas.catalogue import Entry

ENGINES: dict[str, Entry] = {
    "local": Entry("ganvas.data.engines.local:inspect_all", "processes on this machine, each under limits"),
    "ray": Entry("ganvas.data.engines.ray:inspect_all", "a Ray cluster, or Ray on this machine"),
    "here": Entry("ganvas.data.engines.here:inspect_all", "this process: no limits, for trusted images and debugging"),
}
