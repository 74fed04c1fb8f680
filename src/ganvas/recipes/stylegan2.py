"""StyleGAN2: non-saturating loss, a lazy R1 penalty, path length regularisation where images are larger than 32 px."""

from ganvas.models import stylegan2 as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.augmenting import AugmentConfig
from ganvas.training.objective import DiscriminatorPenalties, GeneratorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

ADAM = AdamConfig(learning_rate=2.5e-3, beta1=0.0, beta2=0.99)
ADAPTIVE = AugmentConfig(kind="ada", probability=0.0, target=0.6)
CIFAR = family.Config(mapping_layers=2, residual=False, deviation_group=32)


def stylegan2() -> Recipe:
    """Return StyleGAN2 as tuned for CIFAR-10, without augmentation: for 100,000 images and more.

    Data: CIFAR-10, conditional where the dataset has classes; sets of at least 100,000 images, else `stylegan2_ada`
    Size: 32 px (8 to 64 px); conditional 20,215,315 + 23,089,664 weights, without classes 19,947,539 + 20,720,641
    Hardware: a GPU with 16 GB; not meant for a CPU
    Time: 100 million images
    Score: FID 3.78 on CIFAR-10 with classes, the best within 12.8 million images (StudioGAN's table); here not measured
        yet
    Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", configuration for CIFAR-10
    Differs: float32 throughout; R1 is added to D's loss every 16 steps, not taken as a step of its own, so Adam's rates
        are not corrected for it; the mean of styles moves by 0.002 a step, not by 0.005. StudioGAN's 20.2 million
        parameters are those of this conditional generator alone
    """
    return _recipe("stylegan2", CIFAR, 64, 100_000_000, gamma=0.01, halflife=500_000)


def stylegan2_ada() -> Recipe:
    """Return StyleGAN2-ADA as tuned for CIFAR-10: augmentation that holds D's overfitting at a target.

    Data: CIFAR-10; sets of 2,000 to 100,000 images
    Size: as `stylegan2`
    Hardware: a GPU with 16 GB; not meant for a CPU
    Time: 100 million images
    Score: published Inception FID 2.42 (conditional) and 2.92 (unconditional) on CIFAR-10; not measured here
    Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", configuration for CIFAR-10
    Differs: as `stylegan2`
    """
    return _recipe("stylegan2_ada", CIFAR, 64, 100_000_000, gamma=0.01, halflife=500_000, augment=ADAPTIVE)


def stylegan2_64() -> Recipe:
    """Return StyleGAN2-ADA by its rules of thumb for 64 px and one GPU.

    Data: 1,000 images and more of one kind of thing
    Size: 64 px (48 to 128 px)
    Hardware: a GPU with 16 GB
    Time: 25 million images
    Score: not measured yet
    Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", configuration "auto":
        gamma = 0.0002 side^2 / batch, half-life of the average 10,000 batch / 32 images
    Differs: as `stylegan2`; 8 mapping layers as in StyleGAN2, where "auto" has 2; path lengths are measured on the
        whole batch, not on half of it
    """
    return _by_rules("stylegan2_64", side=64, batch_size=32)


def stylegan2_256() -> Recipe:
    """Return StyleGAN2-ADA by its rules of thumb for 256 px and one GPU.

    Data: 1,000 images and more of one kind of thing
    Size: 256 px (160 to 256 px)
    Hardware: a GPU with 24 GB
    Time: 25 million images, in half precision a week on one V100 (published)
    Score: not measured yet
    Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", configuration "auto"
    Differs: as `stylegan2_64`
    """
    return _by_rules("stylegan2_256", side=256, batch_size=16)


def stylegan2_small() -> Recipe:
    """Return a StyleGAN2 narrow enough for two CPU cores.

    Data: 1,000 images and more, with classes or without
    Size: 28 or 32 px (8 to 64 px); at most 64 channels
    Hardware: two CPU cores
    Time: 2 hours, 10,000 steps of 0.7 s on one core
    Score: half as wide, after 5 minutes of one core, FID 35.3 by a classifier of MNIST (docs/families.md)
    Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN"
    Differs: an eighth of the width, styles of 64 numbers, 2 mapping layers, no mixing and no path length, gamma 0.1,
        half-life 20,000 images
    """
    sizes = family.Config(
        latent_size=64, style_size=64, mapping_layers=2, label_layers=2, channel_base=1024, channel_max=64
    )
    return _recipe("stylegan2_small", sizes, 32, 320_000, gamma=0.1, halflife=20_000)


def _by_rules(name: str, side: int, batch_size: int) -> Recipe:
    """Return the configuration "auto" for images of one side, in px."""
    sizes = family.Config(channel_base=32_768 if side >= 512 else 16_384, style_mixing=0.9)
    return _recipe(
        name,
        sizes,
        batch_size,
        25_000_000,
        gamma=0.0002 * side**2 / batch_size,
        halflife=10_000 * batch_size / 32,
        augment=ADAPTIVE,
        path_length=Term(weight=2.0, every=4),
    )


def _recipe(
    name: str,
    sizes: family.Config,
    batch_size: int,
    images: int,
    gamma: float,
    halflife: float,
    augment: AugmentConfig | None = None,
    path_length: Term | None = None,
) -> Recipe:
    """Return a recipe; D sees real and generated images apart, since it compares the images of a batch."""
    return Recipe(
        recipe=name,
        model=sizes,
        training=TrainingConfig(
            steps=images // batch_size,
            batch_size=batch_size,
            joint_batch=False,
            objective=ObjectiveConfig(
                discriminator=DiscriminatorPenalties(r1=Term(weight=gamma, every=16)),
                generator=GeneratorPenalties(path_length=path_length or Term()),
            ),
            augment=augment or AugmentConfig(),
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            average=AverageConfig(halflife_images=halflife),
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
