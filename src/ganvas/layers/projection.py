"""Projection: the discriminator's score is a linear one plus how well the features match the class's own vector.

Formula: score = w . x + b + e[c] . x, e[c] the vector of class c
Shapes: features [N, F] and labels [N] -> [N]
Parameters: F + 1 + K F for K classes
Use it when: in D, last, after the mean or sum over places, when the dataset has classes and G is told them (SNGAN,
    SAGAN, BigGAN, StyleGAN 2): D learns "is this a real 7", not "which digit"; in G not
Beware: it needs the labels of real images; wrong ones teach G wrong classes; a class of few images trains its vector on
    those alone; with an auxiliary classifier (class_heads) as well the two tell the class twice
Paper: Miyato and Koyama 2018, "cGANs with Projection Discriminator", section 3
See also: class_heads, label_embedding, conditional_batch_norm, linear
"""

from typing import ClassVar, Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_classes
from ganvas.layers.layer import Around, Input, Layer, Shape, expect_vector


class ClassProjection(nn.Module):
    """Scores features [N, F] alone, and by the vector of their class; `num_classes` 0 leaves the second part out."""

    def __init__(self, features: int, num_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.embedding = nn.Embedding(num_classes, features) if num_classes else None
        if self.embedding is not None:
            nn.init.xavier_uniform_(self.embedding.weight)

    def forward(self, features: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map features [N, F] and labels [N] to scores [N]."""
        scores = self.linear(features).squeeze(1)
        if self.embedding is None:
            return scores
        assert labels is not None, "a projection of classes is given labels"
        return scores + (self.embedding(labels) * features).sum(dim=1)


class Config(Layer):
    """The score of a discriminator that is told the class."""

    inputs: ClassVar[tuple[Input, ...]] = ("labels",)
    layer: Literal["projection"] = Field(
        default="projection", description="score by the features, and by their match with the class"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (): one score for each image."""
        expect_vector(given)
        expect_classes(around)
        return ()

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return ClassProjection(given[0], around.num_classes)
