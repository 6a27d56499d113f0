"""The four files of MNIST and of the sets that are published in its form: training and test images and labels."""

from pathlib import Path

from robustpath.data.entries import DataSet, File

PARTS = tuple(f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))
SIDE = 28


def files(
    folder: str, md5s: tuple[str, ...], sizes: tuple[int, ...] = (), *, urls: tuple[str, ...]
) -> tuple[File, ...]:
    """The entries of the four files, in the order of PARTS, each under every address of `urls`; the folder keeps their
    common names apart."""
    return tuple(
        File(f"{folder}/{name}", urls=tuple(url + name for url in urls), md5=md5, raw_size=size)
        for name, md5, size in zip(PARTS, md5s, sizes or (0, 0, 0, 0), strict=True)
    )


def read(folder: str, paths: dict[str, Path], entry: DataSet):
    """Images uint8 [N, 28, 28], the training images first, labels, official-test mask."""
    from robustpath.data import bounded, formats

    sizes = [size for count in (entry.examples, entry.official_test) for size in (16 + count * SIDE * SIDE, 8 + count)]
    found = [bounded.unpacked(paths[f"{folder}/{name}"], size) for name, size in zip(PARTS, sizes, strict=True)]
    return joined([formats.idx(part) for part in found])


def joined(parts: list):
    """One set of the arrays of PARTS: images, labels int64 and the official-test mask; ValueError where a part has not
    a label for each image."""
    import numpy as np

    from robustpath.data.formats import official, whole

    for images, labels in zip(parts[::2], parts[1::2], strict=True):
        if images.shape != (len(labels), SIDE, SIDE) or labels.ndim != 1:
            raise ValueError(f"images of shape {images.shape} do not go with labels of shape {labels.shape}")
    labels = np.concatenate([whole(part) for part in parts[1::2]])
    return np.concatenate(parts[::2]), labels, official(len(parts[1]), len(parts[3]))
