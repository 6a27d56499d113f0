"""MNIST, whole."""

from robustpath.data import idx
from robustpath.data.entries import DataSet

ENTRY = DataSet(
    name="mnist",
    title="MNIST, whole",
    kind="image",
    classes=10,
    examples=60000,
    official_test=10000,
    smallest_class=5421,
    smallest_test_class=892,
    files=idx.files(
        "mnist",
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        (9912422, 28881, 1648877, 4542),
        urls=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    licence="CC BY-SA 3.0 (as commonly stated)",
    citation="lecun1998gradient",
    natural_shift_to=("usps", "svhn"),
)


def read(paths):
    """Digits uint8 [70000, 28, 28], the 60000 training images first."""
    return idx.read("mnist", paths, ENTRY)
