"""FastGAN: hinge loss and reconstruction, for sets of a hundred to a few thousand images."""

from math import log

from ganvas.models import fastgan as family
from ganvas.recipes.recipe import Recipe
from ganvas.training.augmenting import AugmentConfig
from ganvas.training.objective import DiscriminatorPenalties, ObjectiveConfig, Term
from ganvas.training.settings import AdamConfig, AverageConfig, CheckpointConfig, SamplesConfig, TrainingConfig

BATCH_SIZE = 8
ADAM = AdamConfig(learning_rate=2e-4, beta1=0.5, beta2=0.999)
HALFLIFE = BATCH_SIZE * log(2) / -log(0.999)  # images; the average keeps 0.999 of itself at each step


def fastgan() -> Recipe:
    """Return FastGAN, for few images: the discriminator must draw what it sees.

    Data: 100 to 5,000 images of one kind of thing; classes are not used
    Size: 256 px and above (64 to 1,024 px; from 16 px with fewer stages)
    Hardware: one RTX 2080 (published); 32 px at a quarter of the width on two CPU cores
    Time: 50,000 steps of 8 images, a few hours on one GPU (published)
    Score: published Inception FID 41.05 on 100 Obama portraits, 26.65 on 100 grumpy cats, 50.66 on 389 dogs, at 256 px;
        narrow, after 5 minutes of one core, FID 16.1 by a classifier of MNIST (docs/families.md)
    Source: Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis"
    Differs: reconstruction is measured by the L1 distance, not by LPIPS, which needs another network's weights; the
        smaller image that D judges is always the image halved (G has no output of its own for it); a quadrant is drawn
        for each image, not for each batch; hinge margins of 1, not drawn from 0.8 to 1; no image is mirrored; in the
        first 2,800 steps the average is shorter
    """
    return Recipe(
        recipe="fastgan",
        model=family.Config(),
        training=TrainingConfig(
            steps=50_000,
            batch_size=BATCH_SIZE,
            joint_batch=False,
            objective=ObjectiveConfig(
                adversarial="hinge",
                discriminator=DiscriminatorPenalties(reconstruction=Term(weight=1.0)),
            ),
            augment=AugmentConfig(kind="diffaugment", operations=("colour", "translation")),
            generator_optimizer=ADAM,
            discriminator_optimizer=ADAM,
            average=AverageConfig(halflife_images=HALFLIFE, ramp=0.25),
            checkpoint=CheckpointConfig(every=500),
            samples=SamplesConfig(every=500),
        ),
    )
