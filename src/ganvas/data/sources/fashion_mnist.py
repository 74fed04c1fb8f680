"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 + 10,000 articles of clothing, 28x28 greyscale, MIT licence.

Four IDX files named as MNIST's, in a folder `fashion-mnist` so that the sets are not confused. Sizes and SHA-256 are
those that TensorFlow Datasets pins; of the inflated image files none is published.
"""

from ganvas.data.published import PublishedFile, PublishedSet
from ganvas.data.sources.idx import idx_source, published_pairs
from ganvas.data.sources.source import Reader, Request, Source

FILES = PublishedSet(
    title="Fashion-MNIST",
    folder="fashion-mnist",
    elsewhere=("fashion_mnist", "FashionMNIST/raw"),  # the second is torchvision's place
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            num_bytes=26_421_880,
            sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            num_bytes=29_515,
            sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            content_sha256="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            num_bytes=4_422_102,
            sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            num_bytes=5_148,
            sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            content_sha256="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
)
CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def open_fashion_mnist(request: Request, published: PublishedSet = FILES) -> Source:
    """Open Fashion-MNIST with its own split and the names of its classes."""
    pairs = published_pairs(published, request)
    origin = "https://github.com/zalandoresearch/fashion-mnist"
    return idx_source(request.name, "fashion-mnist", pairs, origin, "MIT", CLASSES)


FASHION_MNIST = Reader(open_fashion_mnist)
