"""The processes of one run, and what they tell each other.

A process alone (`Ranks()`) gives everything back as it is, so nothing here costs it anything, and nothing elsewhere
asks whether there are others.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from signal import Signals
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from ganvas.errors import ConfigurationError, GanvasError, RunError
from ganvas.training.interrupt import StopRequest

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

Value = TypeVar("Value")


class Ranks:
    """Process `rank` of `size`; rank 0, the first, is the one that writes. Without a `group` it is alone."""

    def __init__(self, group: "ProcessGroup | None" = None, local_rank: int = 0, local_size: int = 1) -> None:
        self.group = group
        self.rank = 0 if group is None else group.rank()
        self.size = 1 if group is None else group.size()
        self.local_rank, self.local_size = local_rank, local_size
        """Which of how many processes of this run on this machine it is."""
        self._asked = self._agreed = StopRequest()

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' values [...]; it can be differentiated any number of times."""
        return values if self.group is None else _Sum.apply(values, self)  # pyright: ignore[reportReturnType]

    def rows(self, values: Tensor) -> Tensor:
        """Return the values [L] of each process as a row of [processes, L]; differentiable like `sum`."""
        before, after = (
            values.new_zeros(self.rank, len(values)),
            values.new_zeros(self.size - self.rank - 1, len(values)),
        )
        return self.sum(torch.cat([before, values[None], after]))

    def add_gradients(self, player: nn.Module) -> None:
        """Replace the gradients of a player's weights by their sums; one that no process has stays None."""
        if self.group is None:
            return
        weights = list(player.parameters())
        here = [weight.grad is not None for weight in weights]
        told = torch.tensor(here, dtype=weights[0].dtype, device=weights[0].device)
        flat = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        total = self.add_up(torch.cat([*(gradient.flatten() for gradient in flat), told]))
        *sums, num_told = total.split([*(weight.numel() for weight in weights), len(weights)])
        everywhere = [True] * len(weights) if all(here) else num_told.bool().tolist()
        for weight, gradient, summed, wanted in zip(weights, flat, sums, everywhere, strict=True):
            weight.grad = gradient.copy_(summed.view(weight.shape)) if wanted else None

    def copy(self, tensors: Sequence[Tensor], root: int = 0) -> None:
        """Overwrite tensors [...] with those of one process, the first where no other is named."""
        from torch.distributed import BroadcastOptions

        if self.group is None:
            return
        options = BroadcastOptions()
        options.rootRank, options.rootTensor = root, 0
        for tensor in tensors:
            values = tensor.detach().clone(memory_format=torch.contiguous_format)
            with _others_there():
                self.group.broadcast([values], options).wait()
            tensor.detach().copy_(values)

    def first(self, action: Callable[[], Value]) -> Value | None:
        """Have the first process do something while the others wait; what it raises all raise."""
        if self.group is None:
            return action()
        if not self.is_first:
            if message := self.told(None):
                raise GanvasError(message)
            return None
        try:
            value = action()
        except GanvasError as error:
            self.told(str(error))
            raise
        self.told(None)
        return value

    def in_turn(self, action: Callable[[], Value]) -> Value:
        """Return what an action gives in each process; the others begin when the first is done."""
        value = self.first(action)
        return value if self.is_first else action()  # pyright: ignore[reportReturnType]

    def told(self, value: Any) -> Any:  # noqa: ANN401
        """Return the first process's `value`, plain JSON."""
        if self.group is None:
            return value
        content = json.dumps(value).encode() if self.is_first else b""
        length = torch.tensor([len(content)])
        self.copy([length])
        text = torch.frombuffer(bytearray(content.ljust(int(length), b" ")), dtype=torch.uint8)
        self.copy([text])
        return json.loads(bytes(text.tolist()))

    def bounds(self, total: int) -> list[tuple[int, int]]:
        """Return where each process's part of `total` things begins and ends; sizes differ by at most one."""
        ends = [total * rank // self.size for rank in range(self.size + 1)]
        return list(pairwise(ends))

    def expect_same(self, text: str, what: str) -> None:
        """Raise `ConfigurationError` in all processes where one has another `text` than the first."""
        agrees = torch.tensor([float(self.told(text) == text)])
        if float(self.sum(agrees)) < self.size:
            raise ConfigurationError(
                f"The processes of this run do not have the same {what}. Begin all of them by the same command, and "
                "give each machine the same dataset folder."
            )

    def heed(self, asked: StopRequest) -> StopRequest:
        """Return a request that is set in all processes at once, by `settle`, after `asked` was set in any of them."""
        if self.group is None:
            return asked
        self._asked, self._agreed = asked, StopRequest()
        return self._agreed

    def settle(self, seconds: float, cpu_seconds: float) -> tuple[float, float]:
        """End a step: agree on whether to stop; return the first process's seconds, and the CPU seconds of all."""
        if self.group is None:
            return seconds, cpu_seconds
        own = torch.tensor([seconds, cpu_seconds, float(self._asked.signal or 0)], dtype=torch.float64)
        rows = self.rows(own)  # [processes, 3]
        if number := int(rows[:, 2].max()):
            self._agreed.signal = Signals(number)
        return float(rows[0, 0]), float(rows[:, 1].sum())

    def add_up(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' values, a new tensor [...] like them without a history."""
        total = values.detach().clone(memory_format=torch.contiguous_format)
        if self.group is not None:
            with _others_there():
                self.group.allreduce([total]).wait()
        return total

    def exchange(self, given: Tensor, counts: list[int], wanted: list[int]) -> Tensor:
        """Send `counts[r]` of the values `given` [sum] to each process r; return the `wanted[r]` that r sent."""
        from torch.distributed import AllToAllOptions

        assert self.group is not None
        taken = given.new_empty(sum(wanted))
        with _others_there():
            self.group.alltoall_base(taken, given, wanted, counts, AllToAllOptions()).wait()
        return taken


class _Sum(torch.autograd.Function):
    """y = sum of all processes' x, in each of them; so the gradient of x is the sum of all processes' gradients of y.

    Its own gradient is of the same kind, and a penalty on gradients may be differentiated again.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, ranks: Ranks) -> Tensor:  # noqa: ANN401
        ctx.ranks = ranks
        return ranks.add_up(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401  # pyright: ignore[reportIncompatibleMethodOverride]
        return ctx.ranks.sum(gradients[0]), None


@contextmanager
def _others_there() -> Iterator[None]:
    """Raise `RunError` where another process has gone."""
    try:
        yield
    except RuntimeError as error:
        raise RunError(
            "Another process of this run ended, so this one cannot go on; that one said why, or was killed. Begin all "
            "of them again by the same command."
        ) from error
