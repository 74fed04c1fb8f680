"""What every scaling is: settings, an affine map of an image's values, and its exact inverse."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from ganvas.config import Config, Field
from ganvas.errors import NotFiniteError, UsageError
from ganvas.images import Pixels

Kind = Literal["symmetric", "unit", "min_max", "standard", "centre", "pca", "zca"]
Values = NDArray[np.float64]
Shape = tuple[int, int, int]
"""Height, width and channels."""


class ScalingSettings(Config):
    """Which scaling, and over what its constants are taken."""

    scaling: Kind = Field(default="symmetric", description="How stored bytes become what the networks see.")
    scaling_over: Literal["global", "channel", "pixel"] = Field(
        default="global", description="One constant for all values, each channel or each place (min_max, standard)."
    )
    scaling_min_deviation: float = Field(
        default=1.0, gt=0, le=255, description="Smaller standard deviations count as this, in levels (standard)."
    )
    scaling_epsilon: float = Field(
        default=1.0, ge=0.1, le=65025, description="Added to each variance, in squared levels (pca, zca)."
    )
    scaling_components: int | None = Field(
        default=None, ge=1, description="Directions of largest variance kept (pca); all where not given."
    )

    @property
    def is_symmetric(self) -> bool:
        """Whether it is x / 127.5 - 1, which the players do themselves: nothing is fitted, kept or recorded."""
        return self.scaling == "symmetric"

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.scaling_components is not None and self.scaling != "pca":
            raise ValueError("scaling_components is for pca only")
        if self.scaling_over == "pixel" and self.scaling == "min_max":
            raise ValueError("min_max goes over global or channel: a place that is always black has no range")
        if self.scaling_over != "global" and self.scaling not in ("min_max", "standard"):
            raise ValueError(f"scaling_over is for min_max and standard; {self.scaling} has nothing to choose there")
        return self


@dataclass(frozen=True)
class Scaling(ABC):
    """An affine map of the values of images [H, W, C], fitted or constant, and its inverse.

    The images it was fitted to come to lie in [-1, 1] ([0, 1] for `unit`); others may lie a little outside where the
    constants are fitted. Nothing is clamped on the way there, so every image of bytes comes back exactly.
    """

    settings: ScalingSettings
    shape: Shape

    def apply(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return images uint8 [N, H, W, C] as a network sees them, float32 [N, H, W, C]; computed in float64.

        Raises `UsageError` where the images are not uint8.
        """
        self._demand(pixels)
        if pixels.dtype != np.uint8:
            raise UsageError(f"A scaling is applied to uint8 images; these are {pixels.dtype}.")
        return self._forward(pixels.astype(np.float64)).astype(np.float32)

    def invert(self, values: NDArray[np.floating[Any]]) -> Pixels:
        """Return values [N, H, W, C] as images uint8 [N, H, W, C], rounded to the nearest byte and clamped.

        Raises `NotFiniteError` where a value is NaN or infinite.
        """
        self._demand(values)
        if not np.isfinite(values).all():
            raise NotFiniteError("The values to make images of hold NaN or infinity; the network gave no images.")
        return np.clip(np.rint(self._backward(values.astype(np.float64))), 0, 255).astype(np.uint8)

    @abstractmethod
    def constants(self) -> dict[str, Any]:
        """Return what the card tells: formula and constants, long arrays as their range; plain JSON."""

    @abstractmethod
    def arrays(self) -> dict[str, Values]:
        """Return the fitted constants by name, all that `save_scaling` has to keep."""

    @abstractmethod
    def fits(self) -> bool:
        """Return whether the shapes and signs of the constants are possible for the shape of the images."""

    @abstractmethod
    def _forward(self, values: Values) -> Values: ...

    @abstractmethod
    def _backward(self, values: Values) -> Values: ...

    def _demand(self, images: NDArray[Any]) -> None:
        if images.shape[1:] != self.shape:
            raise UsageError(
                f"This scaling is for images [N, {', '.join(map(str, self.shape))}]; these are {list(images.shape)}."
            )


def told(values: Values) -> Any:  # noqa: ANN401
    """Return an array for a card: its values where there are at most four, else lowest, mean and highest."""
    if values.size <= 4:
        return [float(value) for value in values.ravel()]
    return {"lowest": float(values.min()), "mean": float(values.mean()), "highest": float(values.max())}
