"""Recurrent layers, GRU and LSTM: read a sequence step by step, carrying a memory from each step to the next.

Formula: GRU: r = s(A x + B h), z = s(C x + D h), n = tanh(E x + r (G h)), h' = (1 - z) n + z h; LSTM: i, f, o = s(...)
    and n = tanh(...) of x and h, c' = f c + i n, h' = o tanh(c'); s the sigmoid, a bias in every product, h and c
    start at 0; both directions: a second cell reads backwards, the two h side by side
Shapes: [N, L, F] -> [N, L, U], each step's h, or [N, U], the last (of the backward cell: after it read the first
    step); both directions: 2 U in place of U
Parameters: GRU 3 (F U + U^2 + 2 U), LSTM 4 (F U + U^2 + 2 U); both directions: twice that
Use it when: in G, to write an image row by row, or any sequence; in D, to read it, in both directions and the last h
    before the score; GRU first, LSTM where the memory must last longer; for pictures convolutions are better and faster
Beware: L steps one after another, slow on a GPU; gradients fade over some 50 steps; a gradient penalty needs the slow
    form of these cells, which is chosen here where the input carries a gradient; h lies in (-1, 1): end G with a linear
    layer
Paper: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation";
    Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; in GANs Mogren 2016, "C-RNN-GAN:
    Continuous recurrent neural networks with adversarial training"
See also: torch.nn.GRU, torch.nn.LSTM; reshape, linear, transformer_block
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape, expect_sequence

Keep = Literal["all", "last"]
CELLS: dict[str, type[nn.GRU | nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Reads a sequence with GRU or LSTM cells; gives the memory after each step, or after the last."""

    def __init__(
        self,
        cell: Literal["gru", "lstm"],
        in_features: int,
        units: int,
        both_directions: bool = False,
        keep: Keep = "all",
    ) -> None:
        super().__init__()
        self.keep = keep
        self.cells = CELLS[cell](in_features, units, batch_first=True, bidirectional=both_directions)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, L, F] to [N, L, U], or to [N, U] where only the last is kept; 2 U with both directions."""
        twice = torch.is_grad_enabled() and x.requires_grad  # cuDNN's cells can be differentiated once only
        with torch.backends.cudnn.flags(enabled=not twice):
            steps, _ = self.cells(x)
        if self.keep == "all":
            return steps
        if not self.cells.bidirectional:
            return steps[:, -1]
        units = self.cells.hidden_size
        return torch.cat([steps[:, -1, :units], steps[:, 0, units:]], dim=1)


class _RecurrentConfig(Layer):
    units: int = Field(ge=1, le=8192, description="U, length of the memory of one direction")
    both_directions: bool = Field(default=False, description="read backwards too: 2 U values come out")
    keep: Keep = Field(default="all", description="the memory after every step, or after the last")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (L, U) or (U,), 2 U with both directions."""
        length, _ = expect_sequence(given)
        units = 2 * self.units if self.both_directions else self.units
        return (length, units) if self.keep == "all" else (units,)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return Recurrent(self.layer, given[1], self.units, self.both_directions, self.keep)


class GruConfig(_RecurrentConfig):
    """Gated recurrent units along a sequence."""

    layer: Literal["gru"] = Field(default="gru", description="gated recurrent units along a sequence")


class LstmConfig(_RecurrentConfig):
    """Long short-term memory along a sequence."""

    layer: Literal["lstm"] = Field(default="lstm", description="long short-term memory along a sequence")
