"""The settings of a training run, all in one tree; command line flags and forms derive from it."""

from typing import Literal

from ganvas.config import RESUMABLE, Config, Field
from ganvas.training.augmenting import AugmentConfig
from ganvas.training.memory_order import MemoryOrder
from ganvas.training.monitor import MonitorConfig
from ganvas.training.objective import ObjectiveConfig
from ganvas.training.precision import Precision
from ganvas.training.schedules import SchedulesConfig
from ganvas.training.scoring import ScoringConfig


class AdamConfig(Config):
    """Adam (Kingma and Ba 2015)."""

    learning_rate: float = Field(default=2e-4, gt=0, le=1, description="step size")
    beta1: float = Field(default=0.5, ge=0, lt=1, description="decay of the mean of gradients")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="decay of the mean of squared gradients")
    epsilon: float = Field(default=1e-8, gt=0, le=1e-2, description="added to the denominator")


class AverageConfig(Config):
    """Exponential moving average of the generator's weights, used for every picture shown or scored."""

    halflife_images: float = Field(
        default=0.0, ge=0, description="images in which an old weight loses half; 0 = no average"
    )
    ramp: float = Field(
        default=0.05, ge=0, le=1, description="half-life at most this fraction of the images seen; 0 = no ramp"
    )


class CheckpointConfig(Config):
    """What is kept of a run while it goes on."""

    every: int = Field(default=200, ge=1, description="steps between checkpoints", json_schema_extra=RESUMABLE)
    keep: int = Field(
        default=2, ge=1, description="newest checkpoints kept, beside the best", json_schema_extra=RESUMABLE
    )
    score_images: int = Field(
        default=1000,
        ge=0,
        le=10000,
        description="images of a score (see scoring); 0 = none, the newest is best",
    )


class SamplesConfig(Config):
    """Sample grids, always of the same latents."""

    every: int = Field(default=200, ge=1, description="steps between sample grids", json_schema_extra=RESUMABLE)
    columns: int = Field(default=10, ge=1, le=64, description="images in a row; with classes, one row per class")


class TrainingConfig(Config):
    """How the game is played."""

    steps: int = Field(default=1000, ge=1, description="rounds of the game in all", json_schema_extra=RESUMABLE)
    batch_size: int = Field(default=64, ge=2, le=65536, description="real images in a discriminator step")
    generator_batch_size: int = Field(
        default=0, ge=0, le=65536, description="images in a generator step; 0 = batch_size"
    )
    discriminator_steps: int = Field(default=1, ge=1, le=100, description="discriminator steps in a round")
    joint_batch: bool = Field(default=True, description="D sees real and generated images in one batch")
    discriminator_fakes: Literal["training", "inference"] = Field(
        default="training", description="mode of G's batch normalisation when it makes images for D"
    )
    shuffle: bool = Field(default=True, description="new random order of the images in every epoch")
    shards_at_once: int = Field(
        default=8, ge=1, le=1024, description="shards that each batch is mixed from, where the images lie in shards"
    )
    balance_alpha: float = Field(
        default=1.0, ge=0, le=1, description="classes are shown by size ** alpha: 1 as they are, 0 equally often"
    )
    mirror: bool = Field(default=False, description="show images left-right reversed half of the time")
    max_repeats: int = Field(default=0, ge=0, description="most showings of an image in an epoch; 0 = no limit")
    label_prior: Literal["data", "uniform"] = Field(
        default="data", description="classes asked of G: as often as D is shown them, or all equally often"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="every random draw is a function of it")
    objective: ObjectiveConfig = Field(default=ObjectiveConfig(), description="what the players minimise")
    augment: AugmentConfig = Field(default=AugmentConfig(), description="augmentation of what D sees")
    schedules: SchedulesConfig = Field(default=SchedulesConfig(), description="settings that move during training")
    generator_optimizer: AdamConfig = Field(default=AdamConfig(), description="Adam of G")
    discriminator_optimizer: AdamConfig = Field(default=AdamConfig(), description="Adam of D")
    average: AverageConfig = Field(default=AverageConfig(), description="moving average of G")
    checkpoint: CheckpointConfig = Field(default=CheckpointConfig(), description="checkpoints")
    scoring: ScoringConfig = Field(default=ScoringConfig(), description="scores on the way")
    samples: SamplesConfig = Field(default=SamplesConfig(), description="sample grids")
    monitor: MonitorConfig = Field(default=MonitorConfig(), description="warnings about the game")
    workers: int = Field(default=0, ge=0, le=64, description="threads that read ahead", json_schema_extra=RESUMABLE)
    threads: int = Field(
        default=0, ge=0, le=1024, description="CPU threads; 0 = as torch chooses", json_schema_extra=RESUMABLE
    )
    precision: Precision = Field(
        default="float32",
        description="numbers the players' layers compute in; bfloat16 is for GPUs and processors that have it",
    )
    memory_order: MemoryOrder = Field(
        default="auto",
        description="order of images and weights in memory; auto = as measured to be faster",
        json_schema_extra=RESUMABLE,
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps ...", json_schema_extra=RESUMABLE)

    @property
    def generator_images(self) -> int:
        """Images in a generator step."""
        return self.generator_batch_size or self.batch_size
