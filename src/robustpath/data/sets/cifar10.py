"""CIFAR-10."""

from robustpath.data import cifar
from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="cifar10",
    title="CIFAR-10",
    kind="image",
    classes=10,
    examples=50000,
    official_test=10000,
    smallest_class=5000,
    files=(
        File(
            "cifar-10-python.tar.gz",
            urls=("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
            md5="c58f30108f718f92721af3b95e74349a",
            raw_size=170498071,
        ),
    ),
    licence="none stated by its authors",
    citation="krizhevsky2009learning",
    natural_shift_to=("cifar10_1",),
    channels=3,
    side=32,
    published="cifar10_c",
)


def read(paths):
    """Photographs [60000, 32, 32, 3], the 50000 training images first."""
    training = [f"data_batch_{number}" for number in range(1, 6)]
    return cifar.read(paths["cifar-10-python.tar.gz"], training, "test_batch", "labels", ENTRY)
