"""Deconvolutions against convolutions: DCGAN, its twin that draws wanted classes, and its twin by least squares."""

from ganvas.models import dcgan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import ObjectiveConfig
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

ADAM = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999)
CHECKPOINT, SAMPLES = CheckpointConfig(every=1000), SamplesConfig(every=1000)


def dcgan() -> Recipe:
    """Return the DCGAN: the first recipe of convolutions that trained steadily, and still the plainest.

    Data: any images; classes are not used
    Size: 8 to 128 px, sides may differ; the sizes of the layers are published for 32 px
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 48.3 on CIFAR-10, the best within 200,000 steps (StudioGAN's table);
        narrow, after 5 minutes of one core, FID 11.8 by a classifier of MNIST (docs/families.md)
    Source: Radford, Metz and Chintala 2016; D as the plain CNN of Miyato et al. 2018, table 3
    Differs: z is normal and of 128 numbers, not uniform and of 100; batches of 64, not 128, and two D steps to one of
        G, as in StudioGAN, whose D has ReLU and sums its last map, and which mirrors images (`--training.mirror`
        does here); real and generated images are normalised in batches apart
    """
    return Recipe(
        recipe="dcgan",
        model=family.Config(conditional=False, discriminator_norm="batch"),
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            discriminator_steps=2,
            joint_batch=False,
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            checkpoint=CHECKPOINT,
            samples=SAMPLES,
        ),
    )


def cgan() -> Recipe:
    """Return the conditional GAN: both players are told the class, nothing else changes.

    Data: images with classes
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: none is published for these networks;
        narrow, after 5 minutes of one core, FID 9.6 by a classifier of MNIST (docs/families.md)
    Source: Mirza and Osindero 2014; networks as in `dcgan`
    Differs: convolutions in place of fully connected layers; the class comes as a learnt vector joined to z and as a
        learnt plane joined to the image, not as a one-hot vector; G is averaged
    """
    return Recipe(
        recipe="cgan",
        model=family.Config(discriminator_norm="batch"),
        training=TrainingConfig(
            steps=100_000,
            batch_size=64,
            joint_batch=False,
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            average=AverageConfig(halflife_images=20_000),
            checkpoint=CHECKPOINT,
            samples=SAMPLES,
        ),
    )


def lsgan() -> Recipe:
    """Return the least-squares GAN: D fits the targets 1 and 0, so images far from its boundary still teach G.

    Data: any images; classes are not used
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 40.2 on CIFAR-10, the best within 200,000 steps (StudioGAN's table); here not measured yet
    Source: Mao, Li, Xie, Lau, Wang and Smolley 2017, "Least Squares Generative Adversarial Networks", equation 9
    Differs: networks, optimiser and two D steps of `dcgan`; the paper's networks are for 112 px
    """
    return dcgan().override(recipe="lsgan", **{"training.objective": ObjectiveConfig(adversarial="least_squares")})
