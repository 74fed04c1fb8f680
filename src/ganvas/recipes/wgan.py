"""Wasserstein GANs: D bounded by clipping its weights, and by a penalty on its gradients."""

from ganvas.models import dcgan, sngan
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.sngan import ADAM, BATCH_SIZE, STEPS, TO_ZERO
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, CheckpointConfig, SamplesConfig, TrainingConfig

RMSPROP = AdamConfig(learning_rate=5e-5, beta1=0.0, beta2=0.99)
"""Adam with beta1 = 0 divides by the running root mean square, as RMSProp does, and corrects the bias of its start."""


def wgan() -> Recipe:
    """Return the WGAN: D estimates the distance of two distributions, its weights clipped to [-0.01, 0.01].

    Data: any images; classes are not used
    Size: 8 to 128 px, sides may differ
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: none is published for these networks;
        narrow, after 5 minutes of one core, FID 15.6 by a classifier of MNIST (docs/families.md)
    Source: Arjovsky, Chintala and Bottou 2017, "Wasserstein Generative Adversarial Networks", algorithm 1
    Differs: RMSProp is Adam with beta1 = 0, which corrects the bias of its first steps; no 100 D steps in each of the
        first 25 rounds and in every 500th; networks of `dcgan`, D's batch normalised as in the authors' program: the
        paper warns of vanishing gradients where weights are clipped and layers are many or not normalised; narrow
        networks want a wider clip: at width 16 one of 0.01 collapsed, one of 0.05 did not (docs/log.md)
    """
    return Recipe(
        recipe="wgan",
        model=dcgan.Config(conditional=False, discriminator_norm="batch"),
        training=TrainingConfig(
            steps=100_000,
            batch_size=64,
            discriminator_steps=5,
            joint_batch=False,
            objective=ObjectiveConfig(adversarial="wasserstein", weight_limit=0.01),
            generator_optimizer=RMSPROP,
            discriminator_optimizer=RMSPROP,
            checkpoint=CheckpointConfig(every=1000),
            samples=SamplesConfig(every=1000),
        ),
    )


def wgan_gp() -> Recipe:
    """Return the WGAN-GP: D's gradient is held at norm 1 between real and generated images.

    Data: any images; classes are not used
    Size: 8 to 128 px, sides may differ; published for 32 px
    Hardware: one GPU; with `--model.width 16` a laptop
    Time: not measured yet
    Score: FID 22.3 on CIFAR-10 after 100,000 steps (Mimicry's table);
        narrow, after 5 minutes of one core, FID 12.7 by a classifier of MNIST (docs/families.md)
    Source: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville 2017, "Improved Training of Wasserstein GANs"
    Differs: G has 256 channels and learns from batches of 64, as in Mimicry, where the authors' program has 128 and
        128; features are summed over the map as in `sngan`, not averaged as in both
    """
    return Recipe(
        recipe="wgan_gp",
        model=sngan.Config(spectral_norm=False, conditional=False),
        training=TrainingConfig(
            steps=STEPS,
            batch_size=BATCH_SIZE,
            discriminator_steps=5,
            objective=ObjectiveConfig(
                adversarial="wasserstein", discriminator=DiscriminatorPenalties(gradient_penalty=Term(weight=10.0))
            ),
            schedules=TO_ZERO,
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            checkpoint=CheckpointConfig(every=1000),
            samples=SamplesConfig(every=1000),
        ),
    )
