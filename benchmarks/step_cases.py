"""What is trained to time a step: a recipe, the images it is for, and how long a turn is. A case is one line here."""

from typing import NamedTuple

from ganvas.recipes.recipe import Recipe, find_recipe


class Case(NamedTuple):
    """A recipe on square images of ten classes.

    `steps` of it count as one of `--steps`: a turn lasts a second at least, and holds whole intervals of lazy terms.
    `settings` replace the recipe's where a step of those would take a minute.
    """

    recipe: str
    side: int
    channels: int
    steps: int
    settings: tuple[tuple[str, int], ...] = ()

    def configured(self, device: str) -> Recipe:
        """Return the recipe with its settings for a device."""
        return find_recipe(self.recipe).override(**{"training.device": device}, **dict(self.settings))

    def words(self) -> str:
        """Return the images, the batch, and what else is not the recipe's."""
        batch = self.configured("cpu").training.batch_size
        others = [f"{name} {value:,}" for name, value in self.settings if name != "training.batch_size"]
        return ", ".join([f"{self.side}x{self.side}x{self.channels}", f"batch {batch}", *others])


CASES: dict[str, Case] = {
    "acgan_mnist": Case("acgan_mnist", 28, 1, steps=1),
    "mlp_gan": Case("mlp_gan", 28, 1, steps=50),
    "dcgan_32": Case("dcgan", 32, 3, steps=1),
    "compact_28": Case("compact", 28, 1, steps=4),
    "compact_32": Case("compact", 32, 3, steps=2),
    "compact_64": Case("compact", 64, 3, steps=2),
    "r3gan_small_28": Case("r3gan_small", 28, 1, steps=2),
    "r3gan_small_32": Case("r3gan_small", 32, 3, steps=1),
    "r3gan_small_64": Case("r3gan_small", 64, 3, steps=1),
    "stylegan2_64": Case(
        "stylegan2_64", 64, 3, steps=4, settings=(("training.batch_size", 4), ("model.channel_base", 4096))
    ),
}
