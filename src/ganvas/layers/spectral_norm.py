"""Spectral normalisation: a weight matrix divided by its largest singular value, so that a layer stretches nothing.

Formula: W' = W / s, s = u^T W v the largest singular value of W, by one power iteration a training step:
    v = W^T u / |W^T u|, u = W v / |W v|; of a convolution W is [D, C k^2]
Shapes: image [N, C, H, W] -> [N, D, ceil(H/stride), ceil(W/stride)]; vector [N, F] -> [N, D]; sequence
    [N, L, F] -> [N, L, D]
Parameters: C D k^2 + D of a convolution, F D + D of a linear layer; u and v beside (not learnt)
Use it when: in D, on every weight, with the hinge loss: D cannot grow steep, and training stays stable for one matrix
    product a layer (SNGAN); in G too where its layers explode (SAGAN, BigGAN)
Beware: s is an estimate, good after some dozen steps; the estimate moves in training mode only; of a convolution the
    reshaped matrix is bounded, not the convolution itself (off by up to k); batch normalisation after it undoes it;
    with a gradient penalty as well D is often held too tightly; an averaged copy of a network takes u and v as they
    are: means of turning directions shrink, and its layers would grow tenfold
Paper: Miyato, Kataoka, Koyama and Yoshida 2018, "Spectral Normalization for Generative Adversarial Networks"
See also: torch.nn.utils.parametrizations.spectral_norm; convolution, linear, equalised, down_block
"""

from typing import Literal, TypeVar

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape

WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.Linear, nn.Embedding)
SINGULAR_VECTORS = ("._u", "._v")
"""How the names of u and v end in a `state_dict`: an average of networks copies them, and averages the rest."""

Module = TypeVar("Module", bound=nn.Module)


def spectral_normalised(module: Module) -> Module:
    """Return the same module, every convolution, linear layer and embedding in it spectrally normalised.

    Scales and shifts of normalisations, and weights that are normalised already, are left as they are.
    """
    for part in list(module.modules()):
        if isinstance(part, WEIGHTED) and not is_parametrized(part, "weight"):
            spectral_norm(part)
    return module


class Config(Layer):
    """A convolution (on images) or a linear layer (on vectors and sequences) of spectral norm 1."""

    layer: Literal["spectral_norm"] = Field(
        default="spectral_norm", description="convolution or linear layer, its weights of spectral norm 1"
    )
    units: int = Field(ge=1, le=65_536, description="D, the channels (of an image) or values that come out")
    kernel_size: int = Field(default=3, ge=1, le=15, description="k, side of the convolution's window; odd")
    stride: int = Field(default=1, ge=1, le=8, description="step of the convolution's window")
    bias: bool = Field(default=True, description="add b")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, H / stride, W / stride) for an image, (D,) for a vector, (L, D) for a sequence."""
        return weighted_output(given, self.units, self.kernel_size, self.stride)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        if len(given) == 3:
            half = self.kernel_size // 2
            return spectral_norm(nn.Conv2d(given[0], self.units, self.kernel_size, self.stride, half, bias=self.bias))
        return spectral_norm(nn.Linear(given[-1], self.units, self.bias))


def weighted_output(given: Shape, units: int, kernel_size: int, stride: int) -> Shape:
    """Return the shape after a convolution padded by half its window (image), or a linear layer (vector, sequence).

    Raises `LayerError` for an even window, and where the values are of no such shape.
    """
    if len(given) == 3:
        if kernel_size % 2 == 0:
            raise LayerError("an odd `kernel_size`, so that a half pads it", "Use 1, 3, 5 or 7.")
        return units, -(-given[1] // stride), -(-given[2] // stride)
    if len(given) in (1, 2):
        return (*given[:-1], units)
    raise LayerError("an image (C, H, W), a vector (F,) or a sequence (L, F)", 'Put `layer = "flatten"` before it.')
