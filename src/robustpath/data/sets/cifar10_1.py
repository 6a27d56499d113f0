"""CIFAR-10.1, a new test set for CIFAR-10 (version 6)."""

from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="cifar10_1",
    title="CIFAR-10.1, a new test set for CIFAR-10 (version 6)",
    kind="image",
    classes=10,
    examples=0,
    official_test=2000,
    smallest_class=0,
    files=(
        File(
            "cifar10.1_v6_data.npy",
            urls=(
                "https://raw.githubusercontent.com/modestyachts/CIFAR-10.1/master/datasets/cifar10.1_v6_data.npy",
                "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets/cifar10.1_v6_data.npy",
            ),
            raw_sha256="2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6",
            raw_size=6144128,
        ),
        File(
            "cifar10.1_v6_labels.npy",
            urls=(
                "https://raw.githubusercontent.com/modestyachts/CIFAR-10.1/master/datasets/cifar10.1_v6_labels.npy",
                "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets/cifar10.1_v6_labels.npy",
            ),
            raw_sha256="ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448",
            raw_size=8128,
        ),
    ),
    licence="MIT",
    citation="recht2018cifar",
    channels=3,
    side=32,
)


def read(paths):
    """Photographs [2000, 32, 32, 3], all for testing."""
    import numpy as np

    from robustpath.data.formats import npy, official, whole

    images = npy(paths["cifar10.1_v6_data.npy"], ENTRY.official_test * 32 * 32 * 3)
    labels = whole(npy(paths["cifar10.1_v6_labels.npy"], ENTRY.official_test * 8))
    if images.dtype != np.uint8:
        raise ValueError(f"the images are of type {images.dtype}, not uint8")
    return images, labels, official(0, len(labels))
