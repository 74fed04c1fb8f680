"""The families of networks, one file each: `Config`, `Generator`, `Discriminator`."""

from ganvas.catalogue import Entry

MODELS: dict[str, Entry] = {
    "acgan": Entry("ganvas.models.acgan:Config", "class-conditional, deconvolutions, any size from 8 to 64 px"),
    "acgan_mnist": Entry("ganvas.models.acgan_mnist:Config", "the ACGAN of Deep Learning with JavaScript, 28x28 grey"),
    "mlp_gan": Entry("ganvas.models.mlp_gan:Config", "fully connected layers, any small size, no classes"),
}
