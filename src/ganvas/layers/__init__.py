"""The catalogue of layers: one file per idea, each with its cheat-sheet (`ganvas layers NAME`).

A row leads to the layer's `Config`, a line of a network that the builder can lay (`layers/layer.py`).
"""

from ganvas.catalogue import Entry

LAYERS: dict[str, Entry] = {
    "linear": Entry("ganvas.layers.linear:Config", "fully connected: every output sees every input"),
}
