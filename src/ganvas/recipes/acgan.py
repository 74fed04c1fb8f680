"""The ACGAN twice: to the letter of the book, and our own twin without its faults (S2)."""

from ganvas.models import acgan as twin
from ganvas.models import acgan_mnist as original
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import DiscriminatorPenalties, GeneratorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

BOOK_ADAM = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-7)


def acgan_mnist() -> Recipe:
    """Return the book's ACGAN: 100 epochs of 600 steps on MNIST.

    Its means run over the 200 images of a joint batch, hence the halves. Its faults are kept: the images come in the
    same order in every epoch, D learns from images made with batch normalisation in inference mode, and there is no
    moving average.
    """
    half = Term(weight=0.5)
    return Recipe(
        recipe="acgan_mnist",
        model=original.Config(),
        training=TrainingConfig(
            steps=60_000,
            batch_size=100,
            generator_batch_size=200,
            discriminator_fakes="inference",
            shuffle=False,
            label_prior="uniform",
            objective=ObjectiveConfig(
                real_target=0.95,
                adversarial_weight=0.5,
                discriminator=DiscriminatorPenalties(class_of_real=half, class_of_fake=half),
                generator=GeneratorPenalties(class_asked=Term(weight=1.0)),
            ),
            generator_optimizer=BOOK_ADAM,
            discriminator_optimizer=BOOK_ADAM,
            checkpoint=CheckpointConfig(every=200),
            samples=SamplesConfig(every=200),
        ),
    )


def acgan() -> Recipe:
    """Return our twin of the book's ACGAN: shuffled, averaged, with a lazy R1 penalty; figures in docs/log.md."""
    adam = AdamConfig(learning_rate=1e-3, beta1=0.0, beta2=0.99)
    return Recipe(
        recipe="acgan",
        model=twin.Config(),
        training=TrainingConfig(
            steps=3_000,
            batch_size=64,
            objective=ObjectiveConfig(
                discriminator=DiscriminatorPenalties(class_of_real=Term(weight=1.0), r1=Term(weight=0.3, every=8)),
                generator=GeneratorPenalties(class_asked=Term(weight=1.0)),
            ),
            generator_optimizer=adam,
            discriminator_optimizer=adam,
            average=AverageConfig(halflife_images=20_000),
        ),
    )
