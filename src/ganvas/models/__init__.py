"""The families of networks, one file each: `Config`, `Generator`, `Discriminator`."""

from ganvas.catalogue import Entry

MODELS: dict[str, Entry] = {
    "acgan": Entry("ganvas.models.acgan:Config", "class-conditional, deconvolutions, any size from 8 to 64 px"),
    "acgan_mnist": Entry("ganvas.models.acgan_mnist:Config", "the ACGAN of Deep Learning with JavaScript, 28x28 grey"),
    "compact": Entry("ganvas.models.compact:Config", "small convolutions for a laptop, projection; 8 to 128 px"),
    "r3gan": Entry("ganvas.models.r3gan:Config", "inverted ResNeXt blocks without normalisation; 8 to 1024 px"),
    "mlp_gan": Entry("ganvas.models.mlp_gan:Config", "fully connected layers, any small size, no classes"),
    "biggan": Entry(
        "ganvas.models.biggan:Config", "class embedding and z in every block, attention, spectral norm; 8 to 128 px"
    ),
    "dcgan": Entry("ganvas.models.dcgan:Config", "deconvolutions and batch norm; classes or none; 8 to 128 px"),
    "sagan": Entry(
        "ganvas.models.sagan:Config", "residual blocks with self-attention, spectral norm in both players; 8 to 128 px"
    ),
    "sngan": Entry(
        "ganvas.models.sngan:Config", "residual blocks, spectral norm in D; projection with classes; 8 to 128 px"
    ),
    "fastgan": Entry("ganvas.models.fastgan:Config", "few images: D decodes what it sees; 16 to 1024 px, no classes"),
    "stylegan2": Entry("ganvas.models.stylegan2:Config", "styles scale the weights of convolutions; 8 to 1024 px"),
    "stack": Entry("ganvas.models.stack:Config", "your own: each player a list of lines, a layer each; any size"),
    "sequence_gan": Entry(
        "ganvas.models.sequence_gan:Config", "recurrent: an image is a sequence of rows; classes or none; 4 to 64 px"
    ),
    "pix2pix": Entry(
        "ganvas.models.pix2pix:Config", "a picture from its edges, grey or night: U-Net against patches; 16 to 512 px"
    ),
    "cyclegan": Entry(
        "ganvas.models.cyclegan:Config", "one of two classes into the other, without pairs; 16 to 512 px"
    ),
    "transgan": Entry("ganvas.models.transgan:Config", "transformers on patches; classes or none; 16 to 64 px"),
}
