"""Spectral normalisation: SNGAN, and with classes SNGAN with projection."""

from ganvas.models import sngan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import ObjectiveConfig
from ganvas.training.schedules import Schedule, SchedulesConfig
from ganvas.training.settings import AdamConfig, CheckpointConfig, SamplesConfig, TrainingConfig

STEPS, BATCH_SIZE = 100_000, 64
ADAM = AdamConfig(learning_rate=2e-4, beta1=0.0, beta2=0.9)
TO_ZERO = SchedulesConfig(learning_rate=Schedule(kind="linear", end=0.0, over_images=STEPS * BATCH_SIZE))
"""The learning rate falls to 0 over the published length, whatever number of steps is asked for."""


def sngan() -> Recipe:
    """Return the SNGAN: spectral normalisation keeps D from growing steep, so the game stays steady.

    Data: any images; classes are not used
    Size: 8 to 128 px, sides may differ; published for 32 px (all blocks equally wide), 64 and 128 px
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 16.8 on CIFAR-10, 5.71 on CelebA at 64 px after 100,000 steps (Mimicry's table); here not measured yet
    Source: Miyato, Kataoka, Koyama and Yoshida 2018
    Differs: G's first convolution in a block has no bias, which the batch normalisation after it would remove; the D of
        64 px ends at 4x4, as that of 128 px, not at 2x2; blocks are equally wide at 48 px too, the paper's are not
    """
    return Recipe(
        recipe="sngan",
        model=family.Config(conditional=False),
        training=TrainingConfig(
            steps=STEPS,
            batch_size=BATCH_SIZE,
            discriminator_steps=5,
            objective=ObjectiveConfig(adversarial="hinge"),
            schedules=TO_ZERO,
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            checkpoint=CheckpointConfig(every=1000),
            samples=SamplesConfig(every=1000),
        ),
    )


def sngan_projection() -> Recipe:
    """Return the SNGAN that draws wanted classes: G normalises by the class, D compares features with a class vector.

    Data: images with classes
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 10.8 on CIFAR-10 after 100,000 steps (Mimicry's table);
        narrow, after 5 minutes of one core, FID 15.8 by a classifier of MNIST (docs/families.md)
    Source: Miyato and Koyama 2018; networks as in `sngan`
    Differs: as `sngan`
    """
    return sngan().override(recipe="sngan_projection", **{"model.conditional": True})
