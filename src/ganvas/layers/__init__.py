"""The catalogue of layers: one file per idea, each with its cheat-sheet (`ganvas layers NAME`).

A row leads to the layer's `Config`, a line of a network that the builder can lay (`layers/layer.py`).
"""

from ganvas.catalogue import Entry

LAYERS_BY_KIND: dict[str, dict[str, Entry]] = {
    "Linear layers and shapes": {
        "linear": Entry("ganvas.layers.linear:Config", "fully connected: every output sees every input"),
        "flatten": Entry("ganvas.layers.flatten:Config", "an image or a sequence as one vector"),
        "reshape": Entry("ganvas.layers.reshape:Config", "the same values as a vector, an image or a sequence"),
        "crop": Entry("ganvas.layers.crop:Config", "the middle of a map"),
    },
    "Convolutions and resampling": {
        "convolution": Entry("ganvas.layers.convolution:Config", "one small window slides over every place"),
        "transposed_convolution": Entry(
            "ganvas.layers.transposed_convolution:Config", "every value paints a window into a larger map"
        ),
        "upsample_convolution": Entry(
            "ganvas.layers.upsample_convolution:Config", "resize, then convolve: no chequerboard"
        ),
        "pixel_shuffle": Entry("ganvas.layers.pixel_shuffle:Config", "channels become pixels, or pixels channels"),
        "blur_pool": Entry("ganvas.layers.blur_pool:Config", "blur, then halve; or double and blur"),
        "average_pool": Entry("ganvas.layers.average_pool:Config", "the mean of every block"),
        "global_pool": Entry("ganvas.layers.global_pool:Config", "one number per channel: sum or mean over all places"),
    },
    "Activations": {
        "relu": Entry("ganvas.layers.relu:Config", "negative values become zero"),
        "leaky_relu": Entry("ganvas.layers.leaky_relu:Config", "negative values shrink but stay alive"),
        "gelu": Entry("ganvas.layers.gelu:Config", "the smooth ReLU of transformers"),
        "silu": Entry("ganvas.layers.silu:Config", "each value times its own sigmoid"),
        "tanh": Entry("ganvas.layers.tanh:Config", "squeezes into -1 ... 1: the end of a generator"),
        "sigmoid": Entry("ganvas.layers.sigmoid:Config", "squeezes into 0 ... 1: a gate"),
        "top_k": Entry("ganvas.layers.top_k:Config", "sparse: the k largest channels of each place pass"),
    },
    "Normalisation": {
        "batch_norm": Entry("ganvas.layers.batch_norm:Config", "each channel over the batch: for generators"),
        "instance_norm": Entry("ganvas.layers.instance_norm:Config", "each channel of each image over its places"),
        "layer_norm": Entry("ganvas.layers.layer_norm:Config", "all features of one sample together"),
        "group_norm": Entry("ganvas.layers.group_norm:Config", "groups of channels of one image"),
        "pixel_norm": Entry("ganvas.layers.pixel_norm:Config", "the channels of each place, without weights"),
        "spectral_norm": Entry("ganvas.layers.spectral_norm:Config", "weights divided by their largest singular value"),
        "equalised": Entry(
            "ganvas.layers.equalised:Config", "weights scaled at use, so that all learn at the same speed"
        ),
    },
    "Regularisation": {
        "dropout": Entry("ganvas.layers.dropout:Config", "values zeroed at random in training"),
    },
    "Conditions: classes, styles, noise": {
        "conditional_batch_norm": Entry(
            "ganvas.layers.conditional_batch_norm:Config", "batch normalisation with the class's scale and shift"
        ),
        "adaptive_instance_norm": Entry(
            "ganvas.layers.adaptive_instance_norm:Config", "instance normalisation, scaled by a style"
        ),
        "modulated_convolution": Entry(
            "ganvas.layers.modulated_convolution:Config", "convolution whose kernel a style scales"
        ),
        "noise_injection": Entry(
            "ganvas.layers.noise_injection:Config", "noise of a learnt strength, for fine details"
        ),
        "label_embedding": Entry(
            "ganvas.layers.label_embedding:Config", "a learnt vector of the class, joined to the values"
        ),
    },
    "Attention": {
        "self_attention": Entry("ganvas.layers.self_attention:Config", "every place of a map looks at all others"),
        "transformer_block": Entry(
            "ganvas.layers.transformer_block:Config", "attention and a small network, on a sequence"
        ),
    },
    "Recurrent layers": {
        "gru": Entry("ganvas.layers.recurrent:GruConfig", "gated recurrent units, along a sequence"),
        "lstm": Entry("ganvas.layers.recurrent:LstmConfig", "long short-term memory, along a sequence"),
    },
    "Blocks": {
        "up_block": Entry("ganvas.layers.residual_block:UpConfig", "residual block that doubles the size"),
        "down_block": Entry("ganvas.layers.residual_block:DownConfig", "residual block that halves the size"),
        "skip_connection": Entry(
            "ganvas.layers.skip_connection:Config", "an earlier line's values, added or laid beside"
        ),
        "skip_layer_excitation": Entry(
            "ganvas.layers.skip_layer_excitation:Config", "an earlier map scales the channels"
        ),
    },
    "Heads of the discriminator": {
        "minibatch_standard_deviation": Entry(
            "ganvas.layers.minibatch_standard_deviation:Config", "how much the images of a group differ"
        ),
        "projection": Entry("ganvas.layers.projection:Config", "a score that is told the class"),
        "class_heads": Entry("ganvas.layers.class_heads:Config", "the score, and the logits of the class"),
    },
}
"""The rows under the headings that `ganvas layers` prints. A new layer: one file, and one row here under its kind."""

LAYERS: dict[str, Entry] = {name: entry for rows in LAYERS_BY_KIND.values() for name, entry in rows.items()}
"""The same rows without headings: what a network may name."""
