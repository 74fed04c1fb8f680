"""Label embedding: each class has a learnt vector, joined to the values so that the network knows what is asked for.

Formula: e[c], a row of E [K, S]; concatenate: [x, e[c]], on images as S constant planes; multiply: x e[c] value by
    value, on images channel by channel; add: x + e[c] likewise; plane: e[c] of H W values as one more channel
Shapes: vector [N, F] -> [N, F + S] (concatenate) or [N, F]; image [N, C, H, W] -> [N, C + S, H, W] (concatenate),
    [N, C + 1, H, W] (plane) or [N, C, H, W]
Parameters: K S; multiply and add: K F or K C; plane: K H W
Use it when: in G, first, joined to the latents (conditional GAN; ACGAN multiplies); in D, first, as a plane beside the
    image (conditional GAN), though a projection at the end is mostly better
Beware: joined once at the start, a deep G may forget the class: conditional_batch_norm tells it at every layer; E
    starts at N(0, 1), for multiply at N(1, 0.1^2), as an E near 0 would wipe the values out; a class of few images
    trains its row on those alone
Paper: Mirza and Osindero 2014, "Conditional Generative Adversarial Nets"; multiplied, Odena, Olah and Shlens 2017,
    "Conditional Image Synthesis With Auxiliary Classifier GANs"
See also: conditional_batch_norm, projection, linear, torch.nn.Embedding
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_classes
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape

Join = Literal["concatenate", "multiply", "add", "plane"]


class LabelEmbedding(nn.Module):
    """A learnt vector of each class, N(0, 1) at the start."""

    def __init__(self, num_classes: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_classes, size)

    def forward(self, labels: Tensor) -> Tensor:
        """Map labels [N] to vectors [N, S]."""
        return self.embedding(labels)


class JoinedLabels(nn.Module):
    """Joins the vector of each sample's class to its values, a vector or an image of shape `given`.

    `size` is S of "concatenate"; the other ways have the length that they need. "multiply" starts at N(1, 0.1^2),
    so that the values come through.
    """

    def __init__(self, given: Shape, num_classes: int, size: int, join: Join) -> None:
        super().__init__()
        self.join = join
        length = {"concatenate": size, "plane": given[-2] * given[-1] if len(given) == 3 else 0}
        self.labels = LabelEmbedding(num_classes, length.get(join, given[0]))
        if join == "multiply":
            nn.init.normal_(self.labels.embedding.weight, 1.0, 0.1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map values [N, F] or [N, C, H, W] and labels [N] to the values joined."""
        vectors = self.labels(labels)
        if self.join == "plane":
            return torch.cat([x, vectors.view(x.shape[0], 1, *x.shape[2:])], dim=1)
        vectors = vectors.view(*vectors.shape, *(1,) * (x.dim() - 2))
        if self.join == "multiply":
            return x * vectors
        if self.join == "add":
            return x + vectors
        return torch.cat([x, vectors.expand(-1, -1, *x.shape[2:])], dim=1)


class Config(Layer):
    """The class's vector, joined to the values."""

    inputs: ClassVar[tuple[Input, ...]] = ("labels",)
    layer: Literal["label_embedding"] = Field(
        default="label_embedding", description="joins a learnt vector of the class to the values"
    )
    size: int = Field(default=32, ge=1, le=4096, description='S, length of the vector, for join "concatenate"')
    join: Join = Field(default="concatenate", description="how the class's vector meets the values")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape with S or 1 more values or channels, or the shape given."""
        expect_classes(around)
        if len(given) not in (1, 3):
            raise LayerError("a vector (F,) or an image (C, H, W)", 'Put `layer = "flatten"` before it.')
        if self.join == "plane" and len(given) != 3:
            raise LayerError("an image (C, H, W) to join a plane to", 'Set `join = "concatenate"`.')
        more = {"concatenate": self.size, "plane": 1}.get(self.join, 0)
        return given[0] + more, *given[1:]

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return JoinedLabels(given, around.num_classes, self.size, self.join)
