"""Top-k, the sparse activation: at each place the k largest channels pass, all others become zero.

Formula: y_c = x_c if x_c >= the k-th largest of x_1 ... x_C at its place, 0 otherwise; gradient 1 or 0 alike
Shapes: vector [N, F], image [N, C, H, W] (over C) or sequence [N, L, D] (over D) -> the same
Parameters: none; k is set
Use it when: in G, to let few features draw each place: parts specialise, and one sees which feature draws what; in D,
    sparingly and late, against features that all say the same; start with k = C/4 and compare with relu. Of the sparse
    activations it is the one whose sparsity is set directly, for any layer; sparsemax suits weights that sum to 1
Beware: dead neurons: a channel that never wins gets no gradient, so start with a large k; y jumps where two channels
    change places, so D is not Lipschitz: no Wasserstein loss, and gradient penalties do not see the jumps; equal
    values at the limit all pass; passed values may be negative
Paper: Makhzani and Frey 2014, "k-Sparse Autoencoders"; Xiao, Zhong and Zheng 2020, "Enhancing Adversarial Defense by
    k-Winners-Take-All"
See also: torch.topk; relu, dropout
"""

from typing import Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape


class TopK(nn.Module):
    """Keeps the `num_kept` largest channels of each place."""

    def __init__(self, num_kept: int) -> None:
        super().__init__()
        self.num_kept = num_kept

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, F], [N, C, H, W] or [N, L, D] to the same shape."""
        channels = 2 if x.dim() == 3 else 1
        limit = x.detach().topk(self.num_kept, channels).values.amin(channels, keepdim=True)
        return x * (x.detach() >= limit)


class Config(Layer):
    """The k largest channels of each place."""

    layer: Literal["top_k"] = Field(default="top_k", description="the k largest channels of each place pass")
    num_kept: int = Field(ge=1, le=1_000_000, description="k, how many channels pass")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        channels = given[1] if len(given) == 2 else given[0]
        if channels < self.num_kept:
            raise LayerError(f"at least {self.num_kept} channels", f"Give `num_kept` of at most {channels}.")
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return TopK(self.num_kept)
