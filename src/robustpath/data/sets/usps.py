"""USPS postal digits, from LIBSVM's collection."""

from robustpath.data.entries import DataSet, File

VALUES = 16 * 16
VALUE_BYTES = 32  # of `index:value `, in the text: twice the longest
ENTRY = DataSet(
    name="usps",
    title="USPS postal digits",
    kind="image",
    classes=10,
    examples=7291,
    official_test=2007,
    smallest_class=542,
    smallest_test_class=147,
    files=(
        File(
            "usps/usps.bz2",
            urls=("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2",),
            md5="ec16c51db3855ca6c91edd34d0e9b197",
        ),
        File(
            "usps/usps.t.bz2",
            urls=("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2",),
            md5="8ea070ee2aca1ac39742fdd1ef5ed118",
        ),
    ),
    licence="none stated by its authors",
    citation="hull1994database",
    natural_shift_to=("svhn", "mnist"),
)


def read(paths):
    """Digits float32 [9298, 16, 16] in [-1, 1], -1 the paper, the 7291 training images first; LIBSVM counts from 1."""
    import numpy as np

    from robustpath.data import bounded, formats

    parts = []
    for name, count in (("usps.bz2", ENTRY.examples), ("usps.t.bz2", ENTRY.official_test)):
        text = bounded.unpacked(paths[f"usps/{name}"], count * (VALUES + 1) * VALUE_BYTES)
        parts.append(formats.libsvm(text, VALUES, count))
    images, labels = (np.concatenate(both) for both in zip(*parts, strict=True))
    return images.reshape(-1, 16, 16), labels - 1, formats.official(*(len(part[1]) for part in parts))


def preprocess(raw, size):
    """In the frame in which MNIST's digits lie."""
    import torch

    from robustpath.data.preprocessing import framed

    images, words = framed((torch.from_numpy(raw) + 1) / 2, size)
    return images.clamp(0, 1), f"(x + 1) / 2{words}"
