"""The basic GAN: binary cross-entropy, Adam 2e-4 with betas 0.5 and 0.999, batches of 64 (S1)."""

from ganvas.models import mlp_gan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.settings import CheckpointConfig, SamplesConfig, TrainingConfig


def mlp_gan() -> Recipe:
    """Return the basic GAN as the textbook trains it, by two sums of losses and no moving average."""
    return Recipe(
        recipe="mlp_gan",
        model=family.Config(),
        training=TrainingConfig(
            steps=10_000,
            batch_size=64,
            joint_batch=False,
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
