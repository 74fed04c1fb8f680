"""Complete configurations: a network, an objective, and how to train it."""

from ganvas.catalogue import Entry

RECIPES: dict[str, Entry] = {
    "acgan": Entry(
        "ganvas.recipes.acgan:acgan", "draws wanted classes; 8 to 64 px, grey or colour; minutes on a laptop"
    ),
    "acgan_mnist": Entry(
        "ganvas.recipes.acgan:acgan_mnist", "the book's ACGAN on 28x28 digits, exactly; hours on a laptop"
    ),
    "mlp_gan": Entry("ganvas.recipes.mlp_gan:mlp_gan", "the basic GAN of fully connected layers; no classes; minutes"),
}
