"""What a way of augmenting is: its operations by name, and the function that plays them on images."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from ganvas.errors import unknown_name
from ganvas.seeds import Stream

Play = Callable[[Tensor, Stream, Tensor, frozenset[str]], Tensor]
"""(images [N, C, H, W], stream, probability [], names of operations) -> images of the same shape.

It can be differentiated twice by the images, and image i takes the draws of sample i of the stream.
"""


class Augmentation(NamedTuple):
    """A row of `AUGMENTATIONS`: `groups` name several operations at once, `usual` is played when none is named."""

    operations: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    usual: tuple[str, ...]
    play: Play

    def chosen(self, names: Sequence[str]) -> frozenset[str]:
        """Return the operations that `names` mean, groups spelt out; raise `UsageError` for a name there is not."""
        known = {**self.groups, **{name: (name,) for name in self.operations}}
        for name in names:
            if name not in known:
                raise unknown_name("operation", name, known)
        return frozenset(operation for name in names or self.usual for operation in known[name])

    def __call__(self, images: Tensor, stream: Stream, probability: Tensor, names: Sequence[str] = ()) -> Tensor:
        """Return images [N, C, H, W], augmented by the operations that `names` mean; the usual ones where empty."""
        return self.play(images, stream, probability, self.chosen(names))
