"""BigGAN for small images: alone, with augmentation for few images, and with the class loss of ReACGAN."""

from ganvas.models import biggan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import DiscriminatorPenalties, GeneratorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

ADAM = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-6)
HALFLIFE_IMAGES = 443_600  # of a decay of 0.9999 a step: 64 ln(1/2) / ln(0.9999)


def biggan() -> Recipe:
    """Return the BigGAN: z and the class reach every block, both players are wide and spectrally normalised.

    Data: images with classes, some 5,000 of each; without classes blocks are told z alone
    Size: 8 to 128 px, sides may differ; attention on 16x16 maps at 32 px, on 32x32 from 64 px
    Hardware: one GPU; with `--model.width 16` a laptop can watch it learn
    Time: not measured yet
    Score: FID 4.16 on CIFAR-10 after 200,000 steps (StudioGAN's table); here not measured yet
    Source: Brock, Donahue and Simonyan 2019
    Differs: equal learning rates, batches of 64 and 384 + 192 channels, as StudioGAN has it for CIFAR-10; the average
        starts at once, its half-life at most a twentieth of the images seen; no orthogonal penalty
    """
    return Recipe(
        recipe="biggan",
        model=family.Config(),
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            discriminator_steps=5,
            objective=ObjectiveConfig(adversarial="hinge"),
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            average=AverageConfig(halflife_images=HALFLIFE_IMAGES),
            checkpoint=CheckpointConfig(every=1000),
            samples=SamplesConfig(every=1000),
        ),
    )


def biggan_diffaugment() -> Recipe:
    """Return the BigGAN whose D sees all images augmented, so that it cannot learn a small set by heart.

    Data: images with classes, few of each
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop can watch it learn
    Time: not measured yet
    Score: FID 3.35 on CIFAR-10 after 200,000 steps (StudioGAN's table); here not measured yet
    Source: Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable Augmentation for Data-Efficient GAN Training"
    Differs: as `biggan`
    """
    return biggan().override(recipe="biggan_diffaugment", **{"training.augment.kind": "diffaugment"})


def reacgan() -> Recipe:
    """Return the ReACGAN: BigGAN's players, D comparing each image with its class and with images of other classes.

    Data: images with classes
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop can watch it learn
    Time: not measured yet
    Score: not measured yet
    Source: Kang, Shim, Cho and Park 2021, "Rebooting ACGAN", equation 8
    Differs: as `biggan`; temperature and margins of `d2d_ce` are those of its row
    """
    term = Term(weight=0.5)
    objective = ObjectiveConfig(
        adversarial="hinge",
        discriminator=DiscriminatorPenalties(d2d_ce=term),
        generator=GeneratorPenalties(d2d_ce=term),
    )
    return biggan().override(recipe="reacgan", **{"training.objective": objective, "model.head": "embeddings"})
