"""Augmentation of what the discriminator sees: differentiable, so that the generator learns through it.

A way of augmenting is one file and one line of `AUGMENTATIONS`: a function of images [N, C, H, W] in [-1, 1], a stream
to draw from and a probability [], returning images of the same shape.
"""

from ganvas.catalogue import Entry

AUGMENTATIONS: dict[str, Entry] = {
    "diffaugment": Entry(
        "ganvas.augment.diffaugment:diffaugment", "brightness, saturation, contrast; translation; cutout: always"
    ),
    "ada": Entry(
        "ganvas.augment.adaptive:adaptive", "flips, turns, scaling, shifts and colours, each with probability p"
    ),
}
