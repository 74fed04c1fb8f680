"""Both GANs in Keras, trained by the book's scheme; `python -m benchmarks.step_time` runs this file in a process.

It runs with an interpreter that has TensorFlow and none of our packages, so it imports nothing of ours. It reads one
JSON object a line, {"model": ..., "steps": ...}, and answers each with {"seconds": ...}.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported

import keras  # pyright: ignore[reportMissingImports]  (not in the project's environment)
import numpy as np
import tensorflow as tf  # pyright: ignore[reportMissingModuleSource]
from keras import layers  # pyright: ignore[reportMissingImports]

SOFT_ONE = 0.95
LATENT_SIZE = 100
RANDOM = np.random.default_rng()


def acgan_generator():
    """Build the generator of RECIPES.md section 1; layers are named for the exchange of weights."""
    latents = keras.Input((LATENT_SIZE,))
    labels = keras.Input((), dtype="int32")
    values = layers.Multiply()([latents, layers.Embedding(10, LATENT_SIZE, "glorot_normal", name="embedding")(labels)])
    values = layers.Dense(3 * 3 * 384, activation="relu", name="start")(values)
    values = layers.Reshape((3, 3, 384))(values)
    normal = {"kernel_initializer": "glorot_normal"}
    values = layers.Conv2DTranspose(192, 5, padding="valid", activation="relu", name="grow_0", **normal)(values)
    values = layers.BatchNormalization(name="norm_0")(values)
    values = layers.Conv2DTranspose(96, 5, 2, padding="same", activation="relu", name="grow_1", **normal)(values)
    values = layers.BatchNormalization(name="norm_1")(values)
    images = layers.Conv2DTranspose(1, 5, 2, padding="same", activation="tanh", name="grow_2", **normal)(values)
    return keras.Model([latents, labels], images)


def acgan_discriminator(dropout=0.3):
    """Build the discriminator of RECIPES.md section 1; its logits stand before the last two layers."""
    images = values = keras.Input((28, 28, 1))
    for number, (filters, stride) in enumerate(((32, 2), (64, 1), (128, 2), (256, 1))):
        values = layers.Conv2D(filters, 3, stride, padding="same", name=f"convolution_{number}")(values)
        values = layers.LeakyReLU(negative_slope=0.2)(values)
        values = layers.Dropout(dropout)(values)
    values = layers.Flatten()(values)
    realness = layers.Activation("sigmoid")(layers.Dense(1, name="realness")(values))
    classes = layers.Activation("softmax")(layers.Dense(10, name="classes")(values))
    return keras.Model(images, [realness, classes])


class Acgan:
    """The book's two models, and its step: D on 100 real and 100 generated images, G on 200."""

    batch_size = 100

    def __init__(self, dropout=0.3):
        self.generator, self.discriminator = acgan_generator(), acgan_discriminator(dropout)
        self.combined = keras.Model(self.generator.inputs, self.discriminator(self.generator.outputs[0]))
        self.compile()

    def compile(self, optimizer=keras.optimizers.Adam):
        losses = ["binary_crossentropy", "sparse_categorical_crossentropy"]
        for model in (self.discriminator, self.combined):
            model.compile(optimizer(2e-4, 0.5, 0.999, 1e-7), losses)

    def step(self, images, labels):
        num = len(images)
        d_losses = self.discriminator_step(images, labels, *_wishes(num))
        return d_losses + self.generator_step(*_wishes(2 * num))

    def discriminator_step(self, images, labels, latents, wanted):
        """Train D on real images and as many generated ones; return its losses."""
        x, y = self.joint_batch(images, labels, latents, wanted)
        self.discriminator.trainable = True  # read when the step is traced, at its first call
        return [float(loss) for loss in self.discriminator.train_on_batch(x, y)]

    def joint_batch(self, images, labels, latents, wanted):
        """Return real images followed by generated ones, and the targets of both heads."""
        fake = self.generator.predict_on_batch([latents, wanted])
        targets = np.concatenate([np.full(len(images), SOFT_ONE), np.zeros(len(fake))])
        return np.concatenate([images, fake]), [targets, np.concatenate([labels, wanted])]

    def generator_step(self, latents, wanted):
        """Train G through the frozen D; return its losses."""
        self.discriminator.trainable = False
        trick = np.full(len(latents), SOFT_ONE)
        return [float(loss) for loss in self.combined.train_on_batch([latents, wanted], [trick, wanted])]


class Mlp:
    """The basic GAN: D on real and on generated images, then G through the frozen D."""

    batch_size = 64

    def __init__(self):
        generator = [layers.Dense(128), layers.LeakyReLU(negative_slope=0.2)]
        for width in (256, 512, 1024):
            generator += [layers.Dense(width), layers.BatchNormalization(), layers.LeakyReLU(negative_slope=0.2)]
        self.generator = keras.Sequential([keras.Input((LATENT_SIZE,)), *generator, layers.Dense(784, "tanh")])
        self.generator.add(layers.Reshape((28, 28, 1)))
        discriminator = [layers.Flatten()]
        for width in (512, 256):
            discriminator += [layers.Dense(width), layers.LeakyReLU(negative_slope=0.2)]
        self.discriminator = keras.Sequential([keras.Input((28, 28, 1)), *discriminator, layers.Dense(1, "sigmoid")])
        self.discriminator.compile(keras.optimizers.Adam(2e-4, 0.5), "binary_crossentropy")
        self.combined = keras.Model(self.generator.inputs, self.discriminator(self.generator.outputs[0]))
        self.combined.compile(keras.optimizers.Adam(2e-4, 0.5), "binary_crossentropy")

    def step(self, images, labels):
        num = len(images)
        real, generated = np.ones((num, 1), "f4"), np.zeros((num, 1), "f4")
        fake = self.generator.predict_on_batch(_noise(num))
        self.discriminator.trainable = True
        losses = [self.discriminator.train_on_batch(images, real), self.discriminator.train_on_batch(fake, generated)]
        self.discriminator.trainable = False
        losses.append(self.combined.train_on_batch(_noise(num), real))
        return [float(loss) for loss in losses]


MODELS = {"acgan_mnist": Acgan, "mlp_gan": Mlp}


def _wishes(num):
    return RANDOM.uniform(-1, 1, (num, LATENT_SIZE)).astype("f4"), RANDOM.integers(0, 10, num, "int32")


def _noise(num):
    return RANDOM.normal(size=(num, LATENT_SIZE)).astype("f4")


def use_threads(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def serve(images, labels, threads):
    use_threads(threads)
    players, place = {}, 0
    print(json.dumps({"keras": keras.__version__, "tensorflow": tf.__version__}), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        player = players.setdefault(wanted["model"], None) or MODELS[wanted["model"]]()
        players[wanted["model"]] = player
        begun = time.perf_counter()
        for _ in range(wanted["steps"]):
            rows = np.arange(place, place + player.batch_size) % len(images)
            player.step(images[rows], labels[rows])
            place += player.batch_size
        print(json.dumps({"seconds": time.perf_counter() - begun}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help=".npz with `images` uint8 [N, 28, 28, 1] and `labels` [N]")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with np.load(arguments.data, allow_pickle=False) as data:
        serve(data["images"].astype("f4") / 127.5 - 1, data["labels"].astype("i4"), arguments.threads)


if __name__ == "__main__":
    main()
