"""CycleGAN: two kinds of pictures, turned into each other without pairs."""

from ganvas.models.cyclegan import Config
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import GeneratorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, CheckpointConfig, SamplesConfig, TrainingConfig


def cyclegan() -> Recipe:
    """Return a translator between the two classes of a dataset.

    Data: images of exactly two classes, such as horses and zebras; no pairs
    Size: 16 to 512 px, sides multiples of 4, greyscale or colour
    Hardware: one core of an AMD EPYC, shared with other work
    Time: 5 minutes for 317 steps on the threes and eights of MNIST at 28 px, most of which then turn into each other
    Score: after 5 minutes of one core FID 8.57 by a classifier of the deer and horses of CIFAR-10 (docs/families.md)
    Source: Zhu, Park, Isola and Efros 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks"
    Differs: a quarter of the width in G and half in D, 4 residual blocks, patches of 34 px, for small images and two
        CPU cores; batches of 8, not 1; D learns from the newest translations, not from a buffer of 50 old ones;
        instance normalisation has a gain and a shift; no jitter; the identity term is always on, in the paper for
        paintings only; the learning rates are 1e-3 for G and 5e-4 for D, not 2e-4, and stay. The weights 5 and 2.5 are
        the paper's 10 and 5: our adversarial loss has a factor of a half
    """
    return Recipe(
        recipe="cyclegan",
        model=Config(generator_width=16, num_blocks=4, discriminator_width=32),
        training=TrainingConfig(
            steps=4_000,
            batch_size=8,
            objective=ObjectiveConfig(
                adversarial="least_squares",
                generator=GeneratorPenalties(cycle=Term(weight=5.0), identity=Term(weight=2.5)),
            ),
            generator_optimizer=AdamConfig(learning_rate=1e-3, beta1=0.5, beta2=0.999),
            discriminator_optimizer=AdamConfig(learning_rate=5e-4, beta1=0.5, beta2=0.999),
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
