"""How good the images are: each score beside its floor (held-out real images) and its ceiling (noise).

A metric is one file and one line of `METRICS`; a feature network one file and one line of `FEATURES`.
"""

from ganvas.catalogue import Entry

METRICS: dict[str, Entry] = {
    "fid": Entry(
        "ganvas.metrics.frechet:FID",
        "Fréchet distance between Gaussians fitted to the features: fidelity and variety in one number.",
    ),
    "kid": Entry(
        "ganvas.metrics.kernel:KID",
        "Kernel distance: squared MMD under a cubic kernel, with its spread; unbiased, so also for small samples.",
    ),
    "mind": Entry(
        "ganvas.metrics.sliced:MIND",
        "Mean squared Wasserstein distance along 1,000 directions: sees more than two moments, and is cheap.",
    ),
    "cmmd": Entry(
        "ganvas.metrics.cmmd:CMMD",
        "Kernel distance of CLIP features under a Gaussian kernel: no assumption on their law, and small samples do.",
    ),
    "fid-infinity": Entry(
        "ganvas.metrics.extrapolated:EXTRAPOLATED_FID",
        "FID followed to endless generated images, so that their number matters less; costs 15 FIDs.",
    ),
    "inception-score": Entry(
        "ganvas.metrics.inception_score:INCEPTION_SCORE",
        "Whether images are surely of some class and all classes occur; blind to the real images.",
    ),
    "accuracy": Entry(
        "ganvas.metrics.conditional:ACCURACY",
        "Share of images an independent classifier takes for the class that was asked for.",
    ),
    "class-fid": Entry(
        "ganvas.metrics.per_class:CLASS_FID",
        "FID within each class asked for, and its mean: fidelity, variety and the right class in one number.",
    ),
    "cas": Entry(
        "ganvas.metrics.train_on_generated:CAS",
        "Accuracy on real images of a classifier trained on generated ones alone; trains three classifiers.",
    ),
    "k3-precision": Entry(
        "ganvas.metrics.manifold:PRECISION", "Share of generated images that look like real ones: fidelity alone."
    ),
    "k3-recall": Entry(
        "ganvas.metrics.manifold:RECALL", "Share of real images that look like generated ones: variety alone."
    ),
    "k5-density": Entry("ganvas.metrics.manifold:DENSITY", "Precision that outliers among the real images move less."),
    "k5-coverage": Entry(
        "ganvas.metrics.manifold:COVERAGE", "Recall that outliers among generated images do not flatter."
    ),
    "authenticity": Entry(
        "ganvas.metrics.memorisation:AUTHENTICITY",
        "Share of images that are no near copies of a training image; below that of real images it tells of copying.",
    ),
    "c-t": Entry(
        "ganvas.metrics.data_copying:COPYING",
        "Test whether images lie nearer to training images than fresh real ones: far below 0 is copying.",
    ),
    "stacked-modes": Entry(
        "ganvas.metrics.stacked_mnist:STACKED_MODES",
        "Stacked MNIST: how many of its 1,000 numbers occur among the images.",
    ),
    "stacked-sure-modes": Entry(
        "ganvas.metrics.stacked_mnist:STACKED_SURE_MODES",
        "Stacked MNIST: how many of its numbers occur five times or more: errors of the judge hardly make such.",
    ),
    "stacked-kl": Entry(
        "ganvas.metrics.stacked_mnist:STACKED_KL",
        "Stacked MNIST: divergence of the shares of its 1,000 numbers from equal ones.",
    ),
}

FEATURES: dict[str, Entry] = {
    "classifier": Entry(
        "ganvas.metrics.features:classifier",
        "The last hidden layer of a classifier trained on the dataset's own labels.",
    ),
    "grey": Entry(
        "ganvas.metrics.small:grey",
        "A small network that learnt handwritten digits: for greyscale images of 28 to 64 pixels; ships with Ganvas.",
    ),
    "colour": Entry(
        "ganvas.metrics.small:colour",
        "A small network that learnt the photos of CIFAR-10: for colour images of 28 to 64 pixels; ships with Ganvas.",
    ),
    "stacked": Entry(
        "ganvas.metrics.stacked_network:stacked",
        "The network of `grey` on each of three channels: reads the numbers of stacked MNIST, and is for it alone.",
    ),
    "inception": Entry(
        "ganvas.metrics.inception:inception",
        "The Inception that FID is defined by, with clean resizing; `ganvas weights inception` gets it.",
    ),
    "dinov2": Entry(
        "ganvas.metrics.dinov2:dinov2",
        "DINOv2 ViT-L/14, by transformers or timm where installed: nearer to people's judgement than Inception.",
    ),
    "clip": Entry(
        "ganvas.metrics.clip:clip",
        "CLIP ViT-L/14 at 336 pixels, by open_clip or timm where installed: the network of `cmmd`.",
    ),
    "pixels8": Entry(
        "ganvas.metrics.features:pixels8",
        "Images averaged down to 8x8 pixels: the fallback where there are no labels.",
    ),
    "pixels": Entry("ganvas.metrics.features:pixels", "Every pixel as it is: for quick scores during training."),
}
