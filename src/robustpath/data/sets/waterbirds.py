"""Waterbirds at 64 pixels: birds on land or water, background correlated with the bird in training."""

from pathlib import PurePosixPath

from robustpath.data.entries import File
from robustpath.data.grouped import GroupedDataSet

VALIDATION = 1199  # images of that part
UNPACKED = 2_000_000_000  # bytes of the archive, at most: four times what it has packed, as photographs do not pack
MEMBERS = 100_000  # of it: 11788 images, and folders
ENDINGS = (".jpg", ".jpeg")
ENTRY = GroupedDataSet(
    name="waterbirds",
    title="Waterbirds at 64 pixels: birds on land or water, background correlated with the bird in training",
    kind="image",
    classes=2,
    examples=4795,
    official_test=5794,
    smallest_class=1113,
    smallest_test_class=1284,
    files=(
        File(
            "waterbird_complete95_forest2water2.tar.gz",
            urls=("https://nlp.stanford.edu/data/dro/waterbird_complete95_forest2water2.tar.gz",),
            raw_size=500_000_000,
        ),
    ),
    licence="for non-commercial research only",
    citation="sagawa2020distributionally",
    channels=3,
    side=64,
    pool_groups=((3498, 184), (56, 1057)),
    test_groups=((2255, 2255), (642, 642)),
    chance=0.5,
)


def read(paths):
    """Photographs [11788, 64, 64, 3], the middle square averaged; label 1 for waterbirds, attribute 1 for water behind.

    Training images, each a group of its own, are the pool, test images the official test part. The authors' validation
    images, in which the background tells nothing, have group -1: no part holds them.
    """
    import numpy as np

    from robustpath.data import archives, formats
    from robustpath.data.official_parts import columns, parted

    file, found, described = paths["waterbird_complete95_forest2water2.tar.gz"], {}, ""
    for path, content in archives.members(file, _wanted, MEMBERS, UNPACKED, formats.PHOTOGRAPH_BYTES):
        if path.name == "metadata.csv":
            described = content.decode()
        else:
            found["/".join(path.parts[-2:])] = formats.photograph(content, ENTRY.side)
    rows = formats.rows(described.splitlines(keepends=True))
    most = ENTRY.examples + ENTRY.official_test + VALIDATION
    names, *numbers = columns(rows, ("img_filename", "y", "place", "split"), "metadata.csv", most)
    if len(found) > most:
        raise ValueError(f"the archive has {len(found):,} images, more than {most:,}")
    if lost := next((name for name in names if name not in found), None):
        raise ValueError(f"the archive lacks the image {lost}")
    labels, attribute, part = (np.array(each, np.int64) for each in numbers)
    return np.stack([found[name] for name in names]), *parted(labels, attribute, part)


def _wanted(path: PurePosixPath) -> bool:
    return path.name == "metadata.csv" or path.suffix.lower() in ENDINGS
