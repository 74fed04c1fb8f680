"""TransGAN: both players are transformers."""

from ganvas.models import transgan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.augmenting import AugmentConfig
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig


def transgan() -> Recipe:
    """Return the TransGAN in a size for small images, augmented.

    Data: images with classes or without; without the augmentation it needs many
    Size: 16 to 64 px, sides may differ, 1 to 4 channels
    Hardware: a GPU; on a CPU only small and slow
    Time: 0.43 s of one busy core a step at 28x28 px without augmentation; the 50,000 steps not measured yet
    Score: published Inception FID 9.26 on CIFAR-10 at 32 px;
        narrow, after 5 minutes of one core, FID 70.6 by a classifier of MNIST (docs/families.md)
    Source: Jiang, Chang and Wang 2021, "TransGAN: Two Pure Transformers Can Make One Strong GAN, and That Can Scale Up"
    Differs: relativistic scores with R1 and R2 in place of WGAN-GP, chosen by one short run of each (20 s of a core,
        one seed, a narrower network); learning rate 2e-4, batches of 32 and one D step, where the authors' program has
        1e-4, 64 for D and 128 for G, and four; much smaller; D reads patches of one size; no relative positions; a
        token of G's finest map paints 2x2 pixels; a label embedding in G and a projection in D
    """
    adam = AdamConfig(learning_rate=2e-4, beta1=0.0, beta2=0.99)
    penalty = Term(weight=0.1, every=4)
    return Recipe(
        recipe="transgan",
        model=family.Config(),
        training=TrainingConfig(
            steps=50_000,
            batch_size=32,
            objective=ObjectiveConfig(
                adversarial="relativistic", discriminator=DiscriminatorPenalties(r1=penalty, r2=penalty)
            ),
            augment=AugmentConfig(kind="diffaugment"),
            generator_optimizer=adam,
            discriminator_optimizer=adam,
            average=AverageConfig(halflife_images=20_000),
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
