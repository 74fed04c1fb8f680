"""CIFAR-10 and CIFAR-100 by name, and from the paths of their files; `cifar_files` says what is in those.

The SHA-256 of the archives are those that Keras pins, the MD5 of their files those of torchvision; each archive's MD5
(c58f30108f718f92721af3b95e74349a, eb9058c3a382ffc7106e4002c42a8d85) is on the makers' page.
"""

from functools import partial

from ganvas.data.published import PublishedFile, PublishedSet, Unpacked, locate, locate_unpacked
from ganvas.data.sources.cifar_files import cifar_source, is_cifar
from ganvas.data.sources.source import Reader, Request, Source, readable
from ganvas.errors import UsageError

_MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://cave.cs.toronto.edu/kriz/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
CIFAR10_FILES = PublishedSet(
    title="CIFAR-10",
    folder="cifar10",
    elsewhere=("cifar-10", "CIFAR10"),
    files=(
        PublishedFile(
            "cifar-10-python.tar.gz",
            num_bytes=170_498_071,
            sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    mirrors=_MIRRORS,
    unpacked=Unpacked(
        "cifar-10-batches-py",
        {
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
            "test_batch": "40351d587109b95175f43aff81a1287e",
            "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
        },
    ),
)
CIFAR100_FILES = PublishedSet(
    title="CIFAR-100",
    folder="cifar100",
    elsewhere=("cifar-100", "CIFAR100"),
    files=(
        PublishedFile(
            "cifar-100-python.tar.gz",
            num_bytes=169_001_437,
            sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        ),
    ),
    mirrors=_MIRRORS,
    unpacked=Unpacked(
        "cifar-100-python",
        {
            "train": "16019d7e3df5f24257cddd939b257f8d",
            "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
            "meta": "7973b15100ade9c7d40fb424638fde48",
        },
    ),
)


def open_cifar(request: Request) -> Source:
    """Open a folder or .tar.gz of CIFAR-10 or CIFAR-100, with its own split and the classes' names (the 100 fine).

    Raises `UsageError` where no file is given, `DataError` where it is something else.
    """
    if request.path is None:
        raise UsageError("`cifar` reads files: give the path of `cifar-10-batches-py` or of its .tar.gz.")
    return cifar_source(request.name, "cifar", request.path, readable(request.path.name))


def open_published(
    request: Request, published: PublishedSet = CIFAR10_FILES, reader: str = "cifar10", coarse: bool = False
) -> Source:
    """Open a public set, from an unpacked folder, a local archive or a mirror, every byte checked."""
    path = locate_unpacked(published, request.data_dir)
    if path is None:
        (path,) = locate(published, request.data_dir, request.progress).values()
    return cifar_source(request.name, reader, path, "https://www.cs.toronto.edu/~kriz/cifar.html", coarse)


CIFAR = Reader(open_cifar, is_cifar)
CIFAR10 = Reader(open_published)
CIFAR100 = Reader(partial(open_published, published=CIFAR100_FILES, reader="cifar100"))
CIFAR100_COARSE = Reader(partial(open_published, published=CIFAR100_FILES, reader="cifar100-coarse", coarse=True))
