"""pix2pix three ways: from edges, from grey, from night back to the picture."""

from ganvas.models.pix2pix import Config
from ganvas.recipes.recipe import Recipe
from ganvas.training.objective import GeneratorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig


def pix2pix_edges() -> Recipe:
    """Return a translator from drawings of edges to pictures.

    Data: any images; the drawings are made of them
    Size: 16 to 512 px, sides multiples of 4, greyscale or colour
    Hardware: one core of an AMD EPYC, shared with other work
    Time: 4 minutes for 894 steps on emoji at 32 px, most of which it then fills with likely colours; of CIFAR-10's
        photographs 8 minutes (1,065 steps) give dark shapes only
    Score: not measured yet
    Source: Isola, Zhu, Zhou and Efros 2017, "Image-to-Image Translation with Conditional Adversarial Networks"
    Differs: edges by Sobel's filters, not HED; for small images a quarter of the width, a U-Net that is joined at the
        full size too and goes down to 2 or 3 px, and patches of 34 px; batches of 8, not 4, with instance
        normalisation, which is batch normalisation at a batch of 1; dropout in training only; no jitter of the size;
        learning rate 1e-3 for G, with an average
    """
    return _recipe("pix2pix_edges", Config(view="edges", generator_width=16, discriminator_width=16))


def pix2pix_colour() -> Recipe:
    """Return a translator that colours greyscale pictures.

    Data: any colour images; the greyscale pictures are made of them
    Size: 16 to 512 px, sides multiples of 4
    Hardware: one core of an AMD EPYC, shared with other work
    Time: 3 minutes for 335 steps on CIFAR-10, which give sharp pictures in pale browns and greens
    Score: after 5 minutes of one core FID 1.03 by a classifier of CIFAR-10 (docs/families.md)
    Source: Isola, Zhu, Zhou and Efros 2017, "Image-to-Image Translation with Conditional Adversarial Networks", sec. 4
    Differs: G gives all of red, green and blue, not the two colour axes of Lab; otherwise as `pix2pix_edges`
    """
    return _recipe("pix2pix_colour", Config(view="grey", generator_width=16, discriminator_width=16))


def pix2pix_night() -> Recipe:
    """Return a translator from a night tint to day.

    Data: any images; the nights are made of them
    Size: 16 to 512 px, sides multiples of 4, greyscale or colour
    Hardware: not measured yet
    Time: not measured yet
    Score: not measured yet
    Source: Isola, Zhu, Zhou and Efros 2017, "Image-to-Image Translation with Conditional Adversarial Networks", sec. 4
    Differs: the night is a dark blue tint that keeps all detail, not a photograph, so the task is the easiest of the
        three; otherwise as `pix2pix_edges`
    """
    return _recipe("pix2pix_night", Config(view="night", generator_width=16, discriminator_width=16))


def _recipe(name: str, model: Config) -> Recipe:
    adam = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999)
    return Recipe(
        recipe=name,
        model=model,
        training=TrainingConfig(
            steps=4_000,
            batch_size=8,
            objective=ObjectiveConfig(
                adversarial_weight=0.5,
                generator=GeneratorPenalties(l1=Term(weight=100.0)),
            ),
            generator_optimizer=adam.override(learning_rate=1e-3),
            discriminator_optimizer=adam,
            average=AverageConfig(halflife_images=2_000),
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
