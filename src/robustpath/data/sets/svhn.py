"""Street View House Numbers, cropped digits without the extra part, in grey: a natural shift of other digits."""

from robustpath.data.entries import DataSet, File

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in grey (ITU-R BT.601)

ENTRY = DataSet(
    name="svhn",
    title="Street View House Numbers, cropped digits without the extra part, in grey",
    kind="image",
    classes=10,
    examples=73257,
    official_test=26032,
    smallest_class=4659,
    smallest_test_class=1595,
    files=(
        File(
            "svhn/train_32x32.mat",
            urls=("http://ufldl.stanford.edu/housenumbers/train_32x32.mat",),
            md5="e26dedcc434d2e4c54c9b2d4a06d8373",
            raw_size=182040794,
        ),
        File(
            "svhn/test_32x32.mat",
            urls=("http://ufldl.stanford.edu/housenumbers/test_32x32.mat",),
            md5="eb5a983be6a315427106f1b164d9cef3",
            raw_size=64275384,
        ),
    ),
    licence="for non-commercial use only",
    citation="netzer2011reading",
    natural_shift_to=("usps", "mnist"),
)


def read(paths):
    """House numbers [99289, 32, 32, 3], the 73257 training images first; the files have 10 for the digit 0."""
    import numpy as np

    from robustpath.data import matlab
    from robustpath.data.formats import official, whole

    images, labels = [], []
    for part, count in (("train", ENTRY.examples), ("test", ENTRY.official_test)):
        shapes = {"X": (32, 32, 3, count), "y": (count, 1)}
        found = matlab.arrays(paths[f"svhn/{part}_32x32.mat"], shapes)
        images.append(found["X"].transpose(3, 0, 1, 2))
        labels.append(whole(found["y"].ravel()))
        if images[-1].dtype != np.uint8 or not ((labels[-1] >= 1) & (labels[-1] <= 10)).all():
            raise ValueError(f"{part}_32x32.mat has images that are not uint8, or labels that are not 1 to 10")
    return np.concatenate(images), np.concatenate(labels) % 10, official(*map(len, images))


def preprocess(raw, size):
    """One grey channel, as other digits have."""
    import torch

    from robustpath.data.preprocessing import chunks, resized
    from robustpath.data.resampling import resize

    grey = torch.cat([part @ torch.tensor(LUMA) for part in chunks(raw)])
    return resize(grey, size).clamp(0, 1), (
        f"divided by 255, made grey by {' + '.join(f'{share} {name}' for share, name in zip(LUMA, 'RGB', strict=True))}"
        f"{resized(raw.shape[1], size)}; bright digits and dark ones stay as they are"
    )
