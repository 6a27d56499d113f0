"""CIFAR-10-C, the first 100 test images of each class under every corruption and severity."""

from robustpath.data import corrupted
from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="cifar10_c",
    title="CIFAR-10-C, the first 100 test images of each class under every corruption and severity",
    kind="image",
    classes=10,
    examples=0,
    official_test=corrupted.COUNT,
    smallest_class=0,
    files=(
        File(
            "CIFAR-10-C.tar",
            urls=("https://zenodo.org/records/2535967/files/CIFAR-10-C.tar?download=1",),
            raw_sha256="c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7",
            raw_size=2918471680,
        ),
    ),
    licence="CC BY 4.0",
    citation="hendrycks2019corruptions",
    channels=3,
    side=32,
)


def read(paths):
    """CIFAR-10's test images under the fifteen corruptions [75000, 32, 32, 3]: see corrupted.arrays."""
    return corrupted.arrays(paths["CIFAR-10-C.tar"], ENTRY.classes)
