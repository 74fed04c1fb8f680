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
    Score: FID 4.16 on CIFAR-10, the best within 100,000 steps (StudioGAN's table);
        narrow, after 5 minutes of one core, FID 21.4 by a classifier of MNIST (docs/families.md)
    Source: Brock, Donahue and Simonyan 2019
    Differs: equal learning rates, five D steps, batches of 64 and 384 + 192 channels, as StudioGAN has it for CIFAR-10,
        images mirrored only with `--training.mirror`; the average starts at once, its half-life at most a
        twentieth of the images seen; no orthogonal penalty
    """
    return Recipe(
        recipe="biggan",
        model=family.Config(),
        training=TrainingConfig(
            steps=100_000,
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
    Score: FID 3.35 on CIFAR-10, the best within 200,000 steps (StudioGAN's table); here not measured yet
    Source: Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable Augmentation for Data-Efficient GAN Training"
    Differs: as `biggan`; colours move too, as in StudioGAN, where the authors' program for CIFAR-10 has translation and
        cutout alone
    """
    changes = {"training.augment.kind": "diffaugment", "training.steps": 200_000}
    return biggan().override(recipe="biggan_diffaugment", **changes)


def reacgan() -> Recipe:
    """Return the ReACGAN: BigGAN's players, D comparing each image with its class and with images of other classes.

    Data: images with classes
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop can watch it learn
    Time: not measured yet
    Score: FID 3.87 on CIFAR-10, the best within 100,000 steps (StudioGAN's table); here not measured yet
    Source: Kang, Shim, Cho and Park 2021, "Rebooting ACGAN: Auxiliary Classifier GANs with Stable Training", equation 6
    Differs: as `biggan`; 200,000 steps of 64 images at 2e-4, where StudioGAN has 100,000 of 128 at 2.8e-4. The weight
        of 0.5, the temperature of 0.5 and the margins of 0.98 and 0.02 are StudioGAN's
    """
    term = Term(weight=0.5)
    objective = ObjectiveConfig(
        adversarial="hinge",
        discriminator=DiscriminatorPenalties(d2d_ce=term),
        generator=GeneratorPenalties(d2d_ce=term),
    )
    changes = {"training.objective": objective, "training.steps": 200_000, "model.head": "embeddings"}
    return biggan().override(recipe="reacgan", **changes)
