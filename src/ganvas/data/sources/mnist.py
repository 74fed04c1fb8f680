"""MNIST (LeCun, Cortes and Burges 1998): 60,000 + 10,000 handwritten digits, 28x28 greyscale."""

from ganvas.data.published import PublishedFile, PublishedSet
from ganvas.data.sources.idx import idx_source, published_pairs
from ganvas.data.sources.source import Reader, Request, Source

FILES = PublishedSet(
    title="MNIST",
    folder="mnist",
    elsewhere=("MNIST/raw",),  # where torchvision puts it
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            num_bytes=9_912_422,
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            content_sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            num_bytes=28_881,
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            content_sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            num_bytes=1_648_877,
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            content_sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            num_bytes=4_542,
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            content_sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
)


def open_mnist(request: Request) -> Source:
    """Open MNIST with its own split, from local files or a mirror, every byte checked."""
    return idx_source(
        request.name, "mnist", published_pairs(FILES, request), "http://yann.lecun.com/exdb/mnist/", "CC-BY-SA-3.0"
    )


MNIST = Reader(open_mnist)
