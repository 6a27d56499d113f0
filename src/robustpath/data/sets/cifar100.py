"""CIFAR-100, fine labels."""

from robustpath.data import cifar
from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="cifar100",
    title="CIFAR-100, fine labels",
    kind="image",
    classes=100,
    examples=50000,
    official_test=10000,
    smallest_class=500,
    files=(
        File(
            "cifar-100-python.tar.gz",
            urls=("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
            md5="eb9058c3a382ffc7106e4002c42a8d85",
            raw_size=169001437,
        ),
    ),
    licence="none stated by its authors",
    citation="krizhevsky2009learning",
    channels=3,
    side=32,
    published="cifar100_c",
)


def read(paths):
    """Photographs [60000, 32, 32, 3], the 50000 training images first; the 100 fine labels."""
    return cifar.read(paths["cifar-100-python.tar.gz"], ["train"], "test", "fine_labels", ENTRY)
