"""Digits of three data sets, as many of each in every class: MNIST-5k, Optdigits and faces for books.

A typeface's family must not be in two parts of a split. Each group is therefore a family with as many digits of MNIST
and of Optdigits in every class as it has faces: whole groups leave every part with equal numbers of the three.
"""

from robustpath.data.entries import DataSet
from robustpath.data.sets import mnist5k, optdigits, typeface_digits

JOINED = (mnist5k, optdigits, typeface_digits)
PER_CLASS = min(module.ENTRY.smallest_class for module in JOINED)
ENTRY = DataSet(
    name="digit_domains",
    title="Digits of MNIST-5k, Optdigits and typefaces for books, in equal numbers",
    kind="image",
    classes=10,
    examples=len(JOINED) * 10 * PER_CLASS,
    official_test=0,
    smallest_class=len(JOINED) * PER_CLASS,
    files=tuple(file for module in JOINED for file in module.ENTRY.files),
    licence="; ".join(f"{module.ENTRY.title}: {module.ENTRY.licence}" for module in JOINED),
    citation="lecun1998gradient",
    largest_group=len(JOINED) * typeface_digits.ENTRY.largest_group,
    joined=tuple(module.ENTRY.name for module in JOINED),
)


def read(payloads):
    """Images uint8 of each data set [1740, S, S], one after the other, then of all of them labels, official-test mask
    (all false), group (the family of typefaces) and attribute: 0, 1 or 2, the place in JOINED."""
    import numpy as np

    glyphs, _, _, family, _ = typeface_digits.read(payloads)
    family = family[::10]  # of each face; its ten digits follow each other
    size = np.bincount(family[family >= 0])[family]
    # Small families first, so that there are many; the last one is cut where the number is full.
    faces = np.lexsort((family, size, family < 0))[:PER_CLASS]
    images = [_first(*module.read(payloads)[:2]) for module in (mnist5k, optdigits)]
    images.append(glyphs.reshape(-1, 10, *glyphs.shape[1:])[faces].swapaxes(0, 1).reshape(-1, *glyphs.shape[1:]))
    labels = np.tile(np.arange(10).repeat(PER_CLASS), len(JOINED))
    attribute = np.arange(len(JOINED)).repeat(10 * PER_CLASS)
    group = np.tile(family[faces], 10 * len(JOINED))
    return tuple(images), labels, np.zeros(len(labels), bool), group, None, None, attribute


def preprocess(raw, size):
    """Each data set as its own file prepares it."""
    import torch

    from robustpath.data.preprocessing import USUAL

    prepared = []
    for module, images in zip(JOINED, raw, strict=True):
        prepared.append(getattr(module, "preprocess", USUAL[1])(images, size))
    words = "; ".join(f"{module.ENTRY.name}: {own}" for module, (_, own) in zip(JOINED, prepared, strict=True))
    return torch.cat([inputs for inputs, _ in prepared]), words


def _first(images, labels):
    """The first PER_CLASS images of each class, class after class."""
    import numpy as np

    return images[np.concatenate([np.flatnonzero(labels == digit)[:PER_CLASS] for digit in range(10)])]
