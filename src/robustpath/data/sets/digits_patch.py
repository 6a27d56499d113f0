"""Digits of Optdigits with a patch in a corner that shows a class: the right one or another.

Of the 4 x 4 blocks that the 8 pixels stand for, the two by two in the upper left corner show one more than the class in
binary: a white pixel is a one.
"""

from robustpath.data.grouped import GroupedDataSet
from robustpath.data.sets import optdigits

HELD = 40  # images of each class that are for testing alone, each with every patch
RIGHT = 1 / 2  # share of the pool's images of a class whose patch shows it
WRONG = 9  # patches that show another class
COUNTS = tuple(count - HELD for count in (178, 182, 177, 183, 181, 182, 181, 179, 174, 180))  # of images in the pool


def _of_patches(label):
    """How many images of a class have each patch in the pool."""
    right = round(COUNTS[label] * RIGHT)
    others = [(COUNTS[label] - right + WRONG - 1 - place) // WRONG for place in range(WRONG)]
    return tuple(right if patch == label else others[(patch - label) % 10 - 1] for patch in range(10))


ENTRY = GroupedDataSet(
    name="digits_patch",
    title="Digits of Optdigits with a patch that shows a class",
    kind="image",
    classes=10,
    examples=sum(COUNTS),
    official_test=100 * HELD,
    smallest_class=min(COUNTS),
    files=optdigits.ENTRY.files,
    licence=optdigits.ENTRY.licence,
    citation=optdigits.ENTRY.citation,
    pool_groups=tuple(_of_patches(label) for label in range(10)),
    test_groups=((HELD,) * 10,) * 10,
    chance=0.1,
)


def read(payloads):
    """Images uint8 [5397, 8, 8] in 0..16, labels, official-test mask, group (each example of the pool its own) and
    attribute (the class that the patch shows). Images of a class are in random order before they are dealt."""
    import numpy as np

    from robustpath.core.randomness import generator
    from robustpath.data.formats import official

    images, labels, _ = optdigits.read(payloads)
    pool, test = [], []
    for label in range(10):
        own = np.flatnonzero(labels == label)
        own = own[_permutation(len(own), generator("digits_patch", label))]
        patches = np.repeat(np.arange(10), ENTRY.pool_groups[label])
        pool += list(zip(own[HELD:], patches, strict=True))
        test += [(place, patch) for place in own[:HELD] for patch in range(10)]
    place, patch = np.ascontiguousarray(np.array(pool + test).T)
    shown = images[place].copy()
    shown[:, :2, :2] = 16 * ((patch[:, None] + 1 >> np.arange(4)) & 1).reshape(-1, 2, 2)
    group = np.where(np.arange(len(place)) < len(pool), np.arange(len(place)), -1)
    return shown, labels[place], official(len(pool), len(test)), group, None, None, patch


def _permutation(count, stream):
    import torch

    return torch.randperm(count, generator=stream).numpy()


preprocess = optdigits.preprocess
