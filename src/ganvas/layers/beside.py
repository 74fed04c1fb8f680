"""What a line may need beside the values: classes, latents, an earlier line's values; refused in words where absent."""

from ganvas.layers.layer import Around, LayerError, Shape


def expect_classes(around: Around) -> int:
    """Return the number of classes; raise `LayerError` in a network without."""
    if not around.num_classes:
        raise LayerError("class labels, and this network has no classes", "Leave it out, or use a dataset of classes.")
    return around.num_classes


def expect_latents(around: Around) -> int:
    """Return the latents' size; raise `LayerError` in a network without."""
    if not around.latent_size:
        raise LayerError("the latents, which only the generator has", "Leave it out of the discriminator.")
    return around.latent_size


def expect_source(around: Around) -> Shape:
    """Return the shape of the earlier line's values; raise `LayerError` where none is named."""
    if not around.source:
        raise LayerError("a second input", 'Give an earlier line a `name`, and this one `source = "that name"`.')
    return around.source
