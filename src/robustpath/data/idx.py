"""The four files of MNIST and of the sets that are published in its form: training and test images and labels."""

import gzip
from pathlib import Path

from robustpath.data.entries import File

PARTS = tuple(f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))


def files(
    folder: str, md5s: tuple[str, ...], sizes: tuple[int, ...] = (), *, urls: tuple[str, ...]
) -> tuple[File, ...]:
    """The entries of the four files, in the order of PARTS, each under every address of `urls`; the folder keeps their
    common names apart."""
    return tuple(
        File(f"{folder}/{name}", urls=tuple(url + name for url in urls), md5=md5, raw_size=size)
        for name, md5, size in zip(PARTS, md5s, sizes or (0, 0, 0, 0), strict=True)
    )


def read(folder: str, paths: dict[str, Path]):
    """Images uint8 [N, 28, 28], the training images first, labels, official-test mask."""
    from robustpath.data import formats

    return joined([formats.idx(gzip.decompress(paths[f"{folder}/{name}"].read_bytes())) for name in PARTS])


def joined(parts: list):
    """One set of the arrays of PARTS: images, labels int64 and the official-test mask."""
    import numpy as np

    from robustpath.data.formats import official

    labels = np.concatenate(parts[1::2]).astype(np.int64)
    return np.concatenate(parts[::2]), labels, official(len(parts[1]), len(parts[3]))
