"""Class heads: two linear layers on the same features, one says real or not, the other says which class.

Formula: score = w . x + b, class logits = V x + v; G is rewarded for both (the auxiliary classifier GAN)
Shapes: features [N, F] -> scores [N] and class logits [N, K], as one `Verdict`
Parameters: (F + 1) (K + 1) for K classes
Use it when: in D, last, when the dataset has classes and the objective has a class loss (acgan); in G not
Beware: G may draw easy, typical examples of each class and lose variety, the more the heavier the class loss; without
    a class loss the second head learns nothing; with many similar classes the projection does better
Paper: Odena, Olah and Shlens 2017, "Conditional Image Synthesis With Auxiliary Classifier GANs"
See also: projection, label_embedding, linear
"""

from typing import ClassVar, Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_classes
from ganvas.layers.layer import Around, Layer, Shape, expect_vector
from ganvas.players import Verdict


class ClassHeads(nn.Module):
    """Judges features twice: real or generated, and of which class."""

    def __init__(self, features: int, num_classes: int) -> None:
        super().__init__()
        self.realness = nn.Linear(features, 1)
        self.classes = nn.Linear(features, num_classes)

    def forward(self, features: Tensor) -> Verdict:
        """Map features [N, F] to scores [N] and class logits [N, K]."""
        return Verdict(self.realness(features).squeeze(1), self.classes(features))


class Config(Layer):
    """The two heads of an ACGAN's discriminator."""

    offers: ClassVar[frozenset[str]] = frozenset({"classes"})
    layer: Literal["class_heads"] = Field(
        default="class_heads", description="the score, and beside it the logits of the class"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (): one score for each image; the verdict holds the class logits beside it."""
        expect_vector(given)
        expect_classes(around)
        return ()

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return ClassHeads(given[0], around.num_classes)
