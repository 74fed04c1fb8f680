"""Running numbers of the game that are not weights: averages that losses and augmentation steer by.

They are part of every checkpoint, so a resumed game goes on exactly.
"""

import torch
from torch import Tensor


class Signals:
    """Scalars [] by name, on the game's device."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.values: dict[str, Tensor] = {}

    def get(self, name: str, default: float = 0.0) -> Tensor:
        """Return the signal []; `default` before it was first set."""
        return self.values[name] if name in self.values else torch.tensor(default, device=self.device)

    def put(self, name: str, value: Tensor) -> Tensor:
        """Set a signal to a value [], and return it."""
        self.values[name] = value.detach().float()
        return self.values[name]

    def average(self, name: str, value: Tensor, decay: float) -> Tensor:
        """Move an exponential average towards a value [], and return it; the first value is taken as it is."""
        value = value.detach().float()
        return self.put(name, value if name not in self.values else torch.lerp(value, self.values[name], decay))

    def load(self, values: dict[str, Tensor]) -> None:
        """Go on from the values of a checkpoint."""
        self.values = {name: value.to(self.device) for name, value in values.items()}
