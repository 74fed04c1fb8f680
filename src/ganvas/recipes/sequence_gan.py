"""A recurrent GAN: an image as a sequence of rows, written by one network and read by the other."""

from ganvas.models import sequence_gan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, TrainingConfig


def sequence_gan() -> Recipe:
    """Return the recurrent GAN on rows of images.

    Data: images with classes or without, such as MNIST; small ones, for a row is one step of both networks
    Size: 4 to 64 px, sides may differ, 1 to 4 channels
    Hardware: two cores of a CPU
    Time: 0.17 s of one core a step at 32x32 px; the 5,000 steps not measured yet
    Score: after 5 minutes of one core FID 9.33 by a classifier of MNIST (docs/families.md) without classes; with them
        17.8, and each class drawn in one way
    Source: Mogren 2016, "C-RNN-GAN"; Esteban, Hyland and Rätsch 2017, "Real-valued (Medical) Time Series Generation
        with Recurrent Conditional GANs"
    Differs: rows of images in place of tones and of measurements; gated recurrent units; one z for all steps and a
        learnt vector of each row, no row of its own fed back; D is told how much the images of a group differ;
        relativistic scores with R1 and R2
    """
    adam = AdamConfig(learning_rate=1e-3, beta1=0.0, beta2=0.99)
    penalty = Term(weight=0.3, every=4)
    return Recipe(
        recipe="sequence_gan",
        model=family.Config(),
        training=TrainingConfig(
            steps=5_000,
            batch_size=64,
            objective=ObjectiveConfig(
                adversarial="relativistic", discriminator=DiscriminatorPenalties(r1=penalty, r2=penalty)
            ),
            generator_optimizer=adam,
            discriminator_optimizer=adam,
            average=AverageConfig(halflife_images=10_000),
        ),
    )
