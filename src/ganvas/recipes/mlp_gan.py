"""The basic GAN: binary cross-entropy, Adam 2e-4 with betas 0.5 and 0.999, batches of 64 (S1)."""

from ganvas.models import mlp_gan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.settings import CheckpointConfig, SamplesConfig, TrainingConfig


def mlp_gan() -> Recipe:
    """Return the basic GAN as the textbook trains it, by two sums of losses and no moving average.

    Data: any small images; classes are not used
    Size: up to 64x64 px with 4 channels, sides may differ
    Hardware: two cores of an AMD EPYC, 29 ms a step at 28x28 px
    Time: about 5 minutes for 10,000 steps at that rate
    Score: none is published; after 5 minutes of one core FID 12.0 by a classifier of MNIST (docs/families.md)
    Source: Goodfellow et al. 2014, "Generative Adversarial Nets"; widths and settings are those of a textbook
    Differs: from the paper: LeakyReLU and batch normalisation in place of maxout and dropout, Adam in place of momentum
    """
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
