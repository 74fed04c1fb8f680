"""Answers to `python -m benchmarks.keras_check`: what Keras makes of our weights, images and draws.

Runs with an interpreter that has TensorFlow; reads and writes .npz files without pickles.
"""

import sys

import keras_gans
import numpy as np
import tensorflow as tf  # pyright: ignore[reportMissingModuleSource]


class PaperAdam(tf.keras.optimizers.Adam):
    """Adam as in algorithm 1 of its paper, which torch and the book's TensorFlow.js have.

    Keras' own differs in three ways: its epsilon is the "epsilon hat" of the paper's section 2; it rounds beta2 to
    float32 in the bias correction; and where a class occurs twice in a batch, the embedding's second moment takes in
    the sum of the squares of both gradients instead of the square of their sum.
    """

    def update_step(self, gradient, variable, learning_rate):
        place = self._get_variable_index(variable)
        momentum, velocity = self._momentums[place], self._velocities[place]
        gradient, time = tf.convert_to_tensor(gradient), tf.cast(self.iterations + 1, "float64")
        momentum.assign(self.beta_1 * momentum + (1 - self.beta_1) * gradient)
        velocity.assign(self.beta_2 * velocity + (1 - self.beta_2) * tf.square(gradient))
        mean, square = momentum / (1 - self.beta_1**time), velocity / (1 - self.beta_2**time)
        variable.assign_sub(learning_rate * mean / (tf.sqrt(square) + self.epsilon))


def main():
    source, target = sys.argv[1:]
    tf.keras.backend.set_floatx("float64")
    keras_gans.use_threads(1)
    with np.load(source, allow_pickle=False) as arrays:
        given = dict(arrays)
    game = keras_gans.Acgan(dropout=0.0)
    game.compile(PaperAdam)
    set_weights(game, given)
    answers = {**alignment(given), **outputs(game, given)}
    for step in range(int(given["rounds"])):
        answers |= play(game, {name: given[f"{step}/{name}"] for name in DRAWS}, step)
    answers |= weights(game)
    np.savez(target, allow_pickle=False, **answers)


DRAWS = ("images", "labels", "latents", "wanted", "generator_latents", "generator_wanted")


def alignment(given):
    """Return "same" convolutions, plain and transposed, of every size, kernel and stride asked for."""
    answers = {}
    for size, kernel, stride in given["alignment/cases"].tolist():
        images = given["alignment/images"][:, :size, :size]
        weight = given["alignment/kernel"][:kernel, :kernel]
        case = f"{size}/{kernel}/{stride}"
        answers[f"conv/{case}"] = tf.nn.conv2d(images, weight, stride, "SAME").numpy()
        layer = tf.keras.layers.Conv2DTranspose(weight.shape[2], kernel, stride, padding="same", use_bias=False)
        layer.build((None, *given["alignment/transposed"].shape[1:]))
        layer.set_weights([weight])
        answers[f"transposed/{case}"] = layer(given["alignment/transposed"][:, :size, :size]).numpy()
    return answers


def set_weights(game, given):
    for player, model in players(game):
        for layer in model.layers:
            layer.set_weights([given[f"{player}/{layer.name}/{weight.name}"] for weight in layer.weights])


def weights(game):
    return {
        f"after/{player}/{layer.name}/{weight.name}": weight.numpy()
        for player, model in players(game)
        for layer in model.layers
        for weight in layer.weights
    }


def correct_variance(generator, before, num_images):
    """Let the running variance move towards n / (n - 1) times the batch's, as torch's does; Keras has n / n."""
    for variable, old in zip(generator.non_trainable_variables, before, strict=True):
        if variable.name == "moving_variance":
            num = num_images * (7 * 7 if len(old) == 192 else 14 * 14)
            variable.assign(0.99 * old + (variable.numpy() - 0.99 * old) * num / (num - 1))


def players(game):
    return ("generator", game.generator), ("discriminator", game.discriminator)


def outputs(game, given):
    """Return both players' outputs in inference mode."""
    heads = [game.discriminator.get_layer(name).output for name in ("realness", "classes")]
    logits = tf.keras.Model(game.discriminator.input, heads)
    realness, classes = logits(given["0/images"], training=False)
    images = game.generator([given["0/latents"], given["0/wanted"]], training=False)
    return {"images": images.numpy(), "realness": realness.numpy()[:, 0], "classes": classes.numpy()}


def play(game, draws, step):
    """Take one step of each player; return the losses and the gradients before the step."""
    real = [draws[name] for name in DRAWS[:4]]
    wishes = [draws[name] for name in DRAWS[4:]]
    discriminator, generator = game.discriminator, game.generator
    inputs, targets = game.joint_batch(*real)
    answers = gradients(discriminator, ("discriminator", discriminator), inputs, targets, step)
    answers[f"{step}/d/loss"] = np.asarray(game.discriminator_step(*real)[0], np.float64)
    statistics = [value.numpy() for value in generator.non_trainable_variables]
    trick = np.full(len(wishes[0]), keras_gans.SOFT_ONE)
    answers |= gradients(game.combined, ("generator", generator), wishes, [trick, wishes[1]], step)
    for variable, value in zip(generator.non_trainable_variables, statistics, strict=True):
        variable.assign(value)  # the forward pass of the tape moved the running statistics
    answers[f"{step}/g/loss"] = np.asarray(game.generator_step(*wishes)[0], np.float64)
    correct_variance(generator, statistics, len(wishes[0]))
    return answers


def gradients(model, player, inputs, targets, step):
    """Return the gradient of the sum of both losses for every weight of a player."""
    name, owner = player
    owner.trainable = True
    found = [(layer.name, weight) for layer in owner.layers for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        realness, classes = model(inputs, training=True)
        loss = tf.reduce_mean(tf.keras.losses.binary_crossentropy(targets[0][:, None], realness))
        loss += tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(targets[1], classes))
    values = tape.gradient(loss, [weight.value for _, weight in found])
    return {
        f"{step}/gradient/{name}/{layer}/{weight.name}": tf.convert_to_tensor(value).numpy()
        for (layer, weight), value in zip(found, values, strict=True)
    }


if __name__ == "__main__":
    main()
