"""Complete configurations: a network, an objective, and how to train it."""

from ganvas.catalogue import Entry

SHEET_FIELDS = ("Data", "Size", "Hardware", "Time", "Score", "Source", "Differs")
"""What the sheet in a recipe's docstring says, in this order."""

RECIPES: dict[str, Entry] = {
    "compact": Entry(
        "ganvas.recipes.compact:compact", "our default: small convolutions, classes or none; 8 to 64 px; ten minutes"
    ),
    "r3gan_small": Entry(
        "ganvas.recipes.compact:r3gan_small", "R3GAN's objective on the network of `compact`; minutes on a laptop"
    ),
    "acgan": Entry(
        "ganvas.recipes.acgan:acgan", "draws wanted classes; 8 to 64 px, grey or colour; minutes on a laptop"
    ),
    "acgan_mnist": Entry(
        "ganvas.recipes.acgan:acgan_mnist", "the book's ACGAN on 28x28 digits, exactly; hours on a laptop"
    ),
    "r3gan": Entry("ganvas.recipes.r3gan:r3gan", "R3GAN as published for CIFAR-10; days on many GPUs"),
    "r3gan_64": Entry("ganvas.recipes.r3gan:r3gan_64", "R3GAN as published for faces at 64 px; days on many GPUs"),
    "r3gan_256": Entry("ganvas.recipes.r3gan:r3gan_256", "R3GAN as published for faces at 256 px; days on many GPUs"),
    "mlp_gan": Entry("ganvas.recipes.mlp_gan:mlp_gan", "the basic GAN of fully connected layers; no classes; minutes"),
    "dcgan": Entry("ganvas.recipes.dcgan:dcgan", "deconvolutions, the plainest GAN of convolutions; no classes; a GPU"),
    "cgan": Entry("ganvas.recipes.dcgan:cgan", "DCGAN's convolutions told the class; draws wanted classes"),
    "lsgan": Entry("ganvas.recipes.dcgan:lsgan", "DCGAN's convolutions, least-squares loss; no classes"),
    "wgan": Entry("ganvas.recipes.wgan:wgan", "Wasserstein loss, D's weights clipped; no classes; for the textbook"),
    "wgan_gp": Entry(
        "ganvas.recipes.wgan:wgan_gp", "Wasserstein loss, gradient penalty, residual blocks; no classes; a GPU"
    ),
    "sngan": Entry("ganvas.recipes.sngan:sngan", "residual blocks, spectral normalisation; no classes; a GPU"),
    "sngan_projection": Entry("ganvas.recipes.sngan:sngan_projection", "SNGAN that draws wanted classes; a GPU"),
    "sagan": Entry("ganvas.recipes.sagan:sagan", "SNGAN with self-attention; draws wanted classes; a GPU"),
    "biggan": Entry(
        "ganvas.recipes.biggan:biggan", "wide residual blocks told class and z; draws wanted classes; a GPU"
    ),
    "biggan_diffaugment": Entry(
        "ganvas.recipes.biggan:biggan_diffaugment", "BigGAN for few images: what D sees is augmented; a GPU"
    ),
    "reacgan": Entry(
        "ganvas.recipes.biggan:reacgan", "BigGAN with the class loss of ReACGAN; draws wanted classes; a GPU"
    ),
    "fastgan": Entry(
        "ganvas.recipes.fastgan:fastgan", "100 to 5,000 images of one kind, 64 to 1,024 px; hours on a GPU"
    ),
    "stylegan2": Entry("ganvas.recipes.stylegan2:stylegan2", "StyleGAN2 as tuned for CIFAR-10; days on a GPU"),
    "stylegan2_ada": Entry(
        "ganvas.recipes.stylegan2:stylegan2_ada", "StyleGAN2-ADA as tuned for CIFAR-10: 2,000 images; days on a GPU"
    ),
    "stylegan2_64": Entry("ganvas.recipes.stylegan2:stylegan2_64", "StyleGAN2-ADA for 64 px; days on a GPU"),
    "stylegan2_256": Entry("ganvas.recipes.stylegan2:stylegan2_256", "StyleGAN2-ADA for 256 px; a week on a GPU"),
    "stylegan2_small": Entry(
        "ganvas.recipes.stylegan2:stylegan2_small", "a narrow StyleGAN2 for 28 to 64 px; hours on a laptop"
    ),
    "sequence_gan": Entry(
        "ganvas.recipes.sequence_gan:sequence_gan", "recurrent: writes an image row by row; classes or none; minutes"
    ),
    "pix2pix_edges": Entry(
        "ganvas.recipes.pix2pix:pix2pix_edges", "translates drawings of edges into pictures; minutes on a laptop"
    ),
    "pix2pix_colour": Entry(
        "ganvas.recipes.pix2pix:pix2pix_colour", "translates greyscale into colour; minutes on a laptop"
    ),
    "pix2pix_night": Entry(
        "ganvas.recipes.pix2pix:pix2pix_night", "translates pictures of night into day; minutes on a laptop"
    ),
    "cyclegan": Entry(
        "ganvas.recipes.cyclegan:cyclegan", "translates one class into another, without pairs; an hour on a laptop"
    ),
    "transgan": Entry(
        "ganvas.recipes.transgan:transgan", "two transformers, augmented; classes or none; a GPU, or hours on a laptop"
    ),
}
