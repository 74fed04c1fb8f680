"""Self-attention: every place of a map looks at all others."""

from ganvas.models import sagan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import ObjectiveConfig
from ganvas.training.settings import AdamConfig, CheckpointConfig, SamplesConfig, TrainingConfig

ADAM = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999)


def sagan() -> Recipe:
    """Return the SAGAN: one layer of self-attention in each player lets far parts of a picture fit together.

    Data: images with classes; without, the plain batch normalisation and score
    Size: 8 to 128 px, sides may differ; attention on 16x16 maps at 32 px, on 32x32 from 64 px
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 10.4 on CIFAR-10, the best within 100,000 steps (StudioGAN's table);
        narrow, after 5 minutes of one core, FID 32.3 by a classifier of MNIST (docs/families.md)
    Source: Zhang, Goodfellow, Metaxas and Odena 2019
    Differs: equal learning rates, betas of 0.5 and 0.999 and five D steps, as in StudioGAN, where the paper has 1e-4
        and 4e-4, 0 and 0.9, and one step; images are mirrored only with `--training.mirror`; the scales and shifts
        of the batch normalisation are not spectrally normalised
    """
    return Recipe(
        recipe="sagan",
        model=family.Config(),
        training=TrainingConfig(
            steps=100_000,
            batch_size=64,
            discriminator_steps=5,
            objective=ObjectiveConfig(adversarial="hinge"),
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            checkpoint=CheckpointConfig(every=1000),
            samples=SamplesConfig(every=1000),
        ),
    )
