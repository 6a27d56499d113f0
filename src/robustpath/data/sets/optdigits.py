"""UCI optical recognition of handwritten digits, the test part, as the package scikit-learn ships it."""

from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="optdigits",
    title="UCI optical recognition of handwritten digits, test part",
    kind="image",
    classes=10,
    examples=1797,
    official_test=0,
    smallest_class=174,
    files=(
        File(
            "digits.csv.gz",
            "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
            264712,
            package="sklearn",
            inside="datasets/data/digits.csv.gz",
        ),
    ),
    licence="CC BY 4.0 (UCI); the package scikit-learn is BSD-3-Clause",
    citation="alpaydin1998optdigits",
    natural_shift_to=("mnist5k",),
)


def read(payloads):
    """Images uint8 [1797, 8, 8] in 0..16, labels, official-test mask (all false)."""
    from robustpath.data.formats import official, table

    images, labels = table(payloads["digits.csv.gz"], 8)
    return images, labels, official(len(labels), 0)


def preprocess(raw, size):
    """As they are at 8 pixels; larger ones lie in their frame as MNIST's digits do."""
    import torch

    from robustpath.data.preprocessing import framed, resized

    images = torch.from_numpy(raw).float() / 16
    if size == 8:
        return images, "block counts divided by 16" + resized(8, size)
    # Were the frame filled to its border, little learnt on MNIST would carry over: accuracy .18 against .67 at 28.
    larger, words = framed(images, size)
    return larger, f"block counts divided by 16{words}"
