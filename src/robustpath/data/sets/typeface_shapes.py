"""Capital letters of typefaces for books: round against straight, with or without serifs.

Nothing is painted on: the attribute, which a label may be confused with, is the kind of typeface itself.
"""

from robustpath.data import typeface_archive
from robustpath.data.grouped import GroupedDataSet

ROUND = "BCDGJOPQRSU"  # the capitals with a curve
STRAIGHT = "AEFHKLNTVXZ"  # as many of those without one
KINDS = 2  # of typefaces: the first two domains of the archive, sans and serif
FACES = (117, 72)
ENTRY = GroupedDataSet(
    name="typeface_shapes",
    title="Round and straight capital letters of typefaces without and with serifs",
    kind="image",
    classes=2,
    examples=2 * 11 * sum(FACES),
    official_test=0,
    smallest_class=11 * sum(FACES),
    files=(typeface_archive.FILE,),
    licence=typeface_archive.LICENCE,
    citation="debian2023bookworm",
    largest_group=11 * typeface_archive.LARGEST_FAMILY,
    pool_groups=(tuple(11 * faces for faces in FACES),) * 2,
    chance=0.5,
)


def read(payloads):
    """Images uint8 [4158, 28, 28], labels (1 for straight), official-test mask (all false), group (the family, which
    no split divides) and attribute (1 for serifs)."""
    from io import BytesIO

    import numpy as np

    capitals = [10 + ord(letter) - ord("A") for letter in ROUND + STRAIGHT]
    with np.load(BytesIO(payloads["typefaces.npz"])) as archive:
        faces = archive["domain"] < KINDS
        images = archive["images"][faces][:, capitals]
        family, kind = archive["family"][faces].astype(np.int64), archive["domain"][faces].astype(np.int64)
    labels = np.tile(np.repeat([0, 1], [len(ROUND), len(STRAIGHT)]), len(images))
    group, attribute = family.repeat(len(capitals)), kind.repeat(len(capitals))
    images = images.reshape(-1, *images.shape[2:])
    return images, labels, np.zeros(len(labels), bool), group, None, None, attribute
