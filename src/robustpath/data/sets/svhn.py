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
    from scipy.io import loadmat

    from robustpath.data.formats import official

    parts = [loadmat(paths[f"svhn/{part}_32x32.mat"], variable_names=("X", "y")) for part in ("train", "test")]
    images = [part["X"].transpose(3, 0, 1, 2) for part in parts]
    labels = np.concatenate([part["y"].ravel() for part in parts]).astype(np.int64) % 10
    return np.concatenate(images), labels, official(*map(len, images))


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
