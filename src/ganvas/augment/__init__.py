"""Augmentation of what the discriminator sees: differentiable, so that the generator learns through it.

A way of augmenting is one file and one line of `AUGMENTATIONS`: an `Augmentation`, a function of images [N, C, H, W] in
[-1, 1], a stream to draw from and a probability [], with the names of the operations that it can be made of.
"""

from ganvas.catalogue import Entry

AUGMENTATIONS: dict[str, Entry] = {
    "diffaugment": Entry(
        "ganvas.augment.diffaugment:DIFFAUGMENT", "brightness, saturation, contrast; translation; cutout: always"
    ),
    "ada": Entry("ganvas.augment.adaptive:ADA", "flips, turns, scaling, shifts and colours, each with probability p"),
}
