"""Shares of a batch: N processes compute what one computes, each on its share of every batch.

What they compute is exact but for the rounding of sums: a mean is the sum of those of the shares, weighted by their
sizes, and whatever looks at a whole batch looks at that of all processes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.errors import ConfigurationError
from ganvas.players import give_batch
from ganvas.seeds import Stream
from ganvas.training.ranks import Ranks

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Share:
    """Samples of a batch of `total`: `num` from `first` on; of `parts` such batches laid end to end, those of each."""

    first: int = 0
    num: int = 1
    total: int = 1
    ranks: Ranks = field(default_factory=Ranks)
    parts: int = 1

    @classmethod
    def of(cls, total: int, ranks: Ranks) -> Self:
        """Return this process's share of a batch; one without a sample is refused."""
        if total < ranks.size:
            raise ConfigurationError(
                f"A batch of {total} images cannot be shared by {ranks.size} processes: each needs one at least. Raise "
                "`training.batch_size` (and `generator_batch_size`), or begin fewer processes."
            )
        first, end = ranks.bounds(total)[ranks.rank]
        return cls(first, end - first, total, ranks)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the batch."""
        return self.num == self.total

    def twice(self) -> Self:
        """Return the share of two such batches, one after the other."""
        return replace(self, parts=2)

    def draws(self, stream: Stream) -> Stream:
        """Return the stream whose samples are those of the share."""
        if self.is_whole:
            return stream
        if self.parts == 1:
            return stream._replace(first=self.first)
        return stream._replace(pieces=tuple((part * self.total + self.first, self.num) for part in range(self.parts)))

    def given_to(self, player: nn.Module) -> None:
        """Tell the layers of a player that compare samples that the next ones are those of the share."""
        if not self.is_whole:
            give_batch(player, self)

    def part(self, mean: Tensor) -> Tensor:
        """Return what a mean [...] over the share adds to the mean over the batch."""
        return mean if self.is_whole else mean * (self.num / self.total)

    def mean(self, mean: Tensor) -> Tensor:
        """Return the mean over the batch [...] of what is a mean over the share here; without a history."""
        return mean if self.is_whole else self.ranks.add_up(self.part(mean))

    def means(self, means: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the means [] over the batch of those over the share."""
        if self.is_whole:
            return means
        return dict(zip(means, self.mean(torch.stack([mean.detach() for mean in means.values()])), strict=True))

    def count(self, rows: Tensor) -> int:
        """Return how many rows the batch has, of which the share has `rows` [N, ...]."""
        return len(rows) if self.is_whole else self.total * self.parts

    def keeps(self, group_size: int) -> bool:
        """Return whether groups of so many samples in a row have all of theirs in one process."""
        starts = [first for first, _ in self.ranks.bounds(self.total)]
        return all(start % group_size == 0 for start in [*starts, self.total * (self.parts > 1)])

    def gather(self, rows: Tensor) -> Tensor:
        """Return the rows of the batch [A, ...] in its order, of those of the share [N, ...]; differentiable."""
        if self.is_whole:
            return rows
        zeros = rows.new_zeros(self.total - self.num, *rows.shape[1:])
        before, after = zeros[: self.first], zeros[self.first :]
        laid = [piece for part in rows.split(self.num) for piece in (before, part, after)]
        return self.ranks.sum(torch.cat(laid))

    def own(self, rows: Tensor) -> Tensor:
        """Return the share's rows [N, ...] of those of the batch [A, ...]."""
        if self.is_whole:
            return rows
        return torch.cat([part[self.first : self.first + self.num] for part in rows.split(self.total)])

    def columns(self, rows: Tensor) -> Tensor:
        """Return all rows of the batch, but a part of their columns [A, D / processes], of rows [N, D]."""
        if self.is_whole:
            return rows
        ends = self.ranks.bounds(rows.shape[1])
        nums = [end - first for first, end in self.ranks.bounds(self.total)]
        given = torch.cat([rows[:, first:end].flatten() for first, end in ends])
        counts = [len(rows) * (end - first) for first, end in ends]
        width = counts[self.ranks.rank] // len(rows)
        return self.ranks.exchange(given, counts, [num * width for num in nums]).view(self.total, width)


WHOLE = Share()
"""All samples of a batch, whatever their number: that of a process alone."""


def made_together(ranks: Ranks, total: int, block: int, make: Callable[[int, int], NDArray[Number]]) -> NDArray[Number]:
    """Return rows [total, ...] of which each process makes a part, `make(first, num)`, and all are given all.

    Parts are whole blocks: what is made in such blocks is the same, to the bit, however many processes make it.
    """
    if ranks.size == 1 or not total:
        return make(0, total)
    num_blocks = -(-total // block)
    ends = [min(total, -(-num_blocks * place // ranks.size) * block) for place in range(ranks.size + 1)]
    parts = list(pairwise(ends))  # the first process always has one, and tells what a row is
    first, end = parts[ranks.rank]
    own = make(first, end - first) if end > first else None
    kind, *shape = ranks.told(None if own is None else [own.dtype.str, *own.shape[1:]])
    rows: NDArray[Any] = np.empty((total, *shape), kind)
    if own is not None:
        rows[first:end] = own
    octets = torch.from_numpy(rows.reshape(total, -1).view(np.uint8))
    for root, (begin, stop) in enumerate(parts):
        ranks.copy([octets[begin:stop]], root)
    return rows
