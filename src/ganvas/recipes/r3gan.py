"""R3GAN: relativistic scores with zero-centred gradient penalties on both sides, and no other trick."""

from ganvas.models import r3gan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.augmenting import AugmentConfig
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.schedules import Schedule, SchedulesConfig
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

ADAM = AdamConfig(learning_rate=2e-4, beta1=0.0, beta2=0.9)


def r3gan() -> Recipe:
    """Return R3GAN as published for CIFAR-10.

    Data: CIFAR-10 (conditional); FFHQ at 64 and 256 px by the recipes `r3gan_64` and `r3gan_256`
    Size: 32 px in the four stages of the published network; 8 to 64 px; 20,781,979 + 21,280,539 numbers at 32 px
    Hardware: eight L40 GPUs for four days (published); not meant for a CPU
    Time: 250 million images
    Score: published Inception FID 1.96 on CIFAR-10;
        narrow, after 5 minutes of one core, FID 39.8 by a classifier of MNIST (docs/families.md)
    Source: Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN", and the authors' program
    Differs: augmentation is ADA's flips, geometry and colours at a scheduled probability, where theirs has colours at
        half of it, and cutout; images are mirrored only with `--training.mirror`; float32, not bfloat16
    """
    return _recipe("r3gan", 512, 250_000_000, 20_000_000, gamma=0.05, augment=0.55, halflife=5_000_000)


def r3gan_64() -> Recipe:
    """Return R3GAN as published for faces at 64 px.

    Data: FFHQ at 64 px (unconditional)
    Size: 64 px; a fifth stage of 384 channels
    Hardware: eight GPUs (published); not meant for a CPU
    Time: 200 million images and more
    Score: published Inception FID 1.95; not measured here
    Source: Huang et al. 2024, and the authors' program
    Differs: as `r3gan`
    """
    return _recipe("r3gan_64", 256, 200_000_000, 20_000_000, gamma=2.0, augment=0.3, halflife=500_000)


def r3gan_256() -> Recipe:
    """Return R3GAN as published for faces at 256 px.

    Data: FFHQ at 256 px (unconditional)
    Size: 128 to 256 px; stages of 768, 768, 768, 768, 384, 192 and 96 channels
    Hardware: eight GPUs (published); not meant for a CPU
    Time: 150 million images and more
    Score: published Inception FID 2.75; not measured here
    Source: Huang et al. 2024, and the authors' program
    Differs: as `r3gan_64`
    """
    return _recipe("r3gan_256", 256, 150_000_000, 20_000_000, gamma=150.0, augment=0.3, halflife=500_000)


def _recipe(
    name: str, batch_size: int, images: int, burn_in: int, gamma: float, augment: float, halflife: int
) -> Recipe:
    """Return the published settings: within `burn_in` images everything moves by a cosine to where it stays."""

    def moves(end: float) -> Schedule:
        return Schedule(kind="cosine", end=end, over_images=burn_in)

    penalty = Term(weight=gamma)
    return Recipe(
        recipe=name,
        model=family.Config(),
        training=TrainingConfig(
            steps=images // batch_size,
            batch_size=batch_size,
            objective=ObjectiveConfig(
                adversarial="relativistic", discriminator=DiscriminatorPenalties(r1=penalty, r2=penalty)
            ),
            augment=AugmentConfig(kind="ada", probability=0.0),
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            average=AverageConfig(halflife_images=1, ramp=0),
            schedules=SchedulesConfig(
                learning_rate=moves(0.25),
                beta2=moves(0.99),
                gamma=moves(0.1),
                average=moves(halflife),
                augment=moves(augment),
            ),
            checkpoint=CheckpointConfig(every=2_000),
            samples=SamplesConfig(every=1_000),
        ),
    )
