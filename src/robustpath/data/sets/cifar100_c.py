"""CIFAR-100-C, the first 10 test images of each class under every corruption and severity."""

from robustpath.data import corrupted
from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="cifar100_c",
    title="CIFAR-100-C, the first 10 test images of each class under every corruption and severity",
    kind="image",
    classes=100,
    examples=0,
    official_test=corrupted.COUNT,
    smallest_class=0,
    files=(
        File(
            "CIFAR-100-C.tar",
            urls=("https://zenodo.org/records/3555552/files/CIFAR-100-C.tar?download=1",),
            md5="11f0ed0f1191edbf9fa23466ae6021d3",
            raw_size=2918473216,
        ),
    ),
    licence="CC BY 4.0",
    citation="hendrycks2019corruptions",
    channels=3,
    side=32,
)


def read(paths):
    """CIFAR-100's test images under the fifteen corruptions [75000, 32, 32, 3]: see corrupted.arrays."""
    return corrupted.arrays(paths["CIFAR-100-C.tar"], ENTRY.classes)
