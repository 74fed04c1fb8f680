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
    "accuracy": Entry(
        "ganvas.metrics.conditional:ACCURACY",
        "Share of images an independent classifier takes for the class that was asked for.",
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
}

FEATURES: dict[str, Entry] = {
    "classifier": Entry(
        "ganvas.metrics.features:classifier",
        "The last hidden layer of a classifier trained on the dataset's own labels.",
    ),
    "pixels8": Entry(
        "ganvas.metrics.features:pixels8",
        "Images averaged down to 8x8 pixels: the fallback where there are no labels.",
    ),
    "pixels": Entry("ganvas.metrics.features:pixels", "Every pixel as it is: for quick scores during training."),
}
