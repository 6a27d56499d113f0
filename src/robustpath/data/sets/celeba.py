"""CelebA at 32 pixels: blond hair or not, which goes with the sex that the annotators saw.

Its terms allow non-commercial research and no copies for others, so that each user gets the files by hand.
"""

from robustpath.data.by_hand import ByHand
from robustpath.data.grouped import GroupedDataSet

LABEL, OTHER = "Blond_Hair", "Male"
IMAGES, TABLE, PARTS = "celeba/img_align_celeba.zip", "celeba/list_attr_celeba.txt", "celeba/list_eval_partition.txt"
VALIDATION = 19867  # images of that part
LONGEST = 2000  # characters of a line of the tables, at most
PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
ENTRY = GroupedDataSet(
    name="celeba",
    title="CelebA at 32 pixels: blond hair, correlated with being annotated as female",
    kind="image",
    classes=2,
    examples=162770,
    official_test=19962,
    smallest_class=24267,
    smallest_test_class=2660,
    files=(
        ByHand(IMAGES, md5="00d2c5bc6d35e252742224ab0c1e8fcb", page=PAGE),
        ByHand(TABLE, md5="75e246fa4810816ffd6ee81facbd244c", page=PAGE),
        ByHand(PARTS, md5="d32c9cbf5e040fd4025c592c306e6668", page=PAGE),
    ),
    licence="for non-commercial research only, no further copies (agreement on the page of the data set)",
    citation="liu2015celeba",
    channels=3,
    side=32,
    pool_groups=((66874, 71629), (1387, 22880)),
    test_groups=((7535, 9767), (180, 2480)),
    chance=0.5,
)


def read(paths):
    """Photographs [202599, 32, 32, 3], the middle square averaged; label 1 for blond hair; attribute 1 where the
    annotators did not say male, so that the majority attribute of blond is 1 and that of the others 0.

    Training images are the pool and test images the official test part; no part holds the authors' validation images.
    """
    import numpy as np

    from robustpath.data import archives, bounded, formats
    from robustpath.data.official_parts import columns, parted

    most = ENTRY.examples + ENTRY.official_test + VALIDATION
    lines = list(bounded.lines(paths[TABLE], most + 2, LONGEST))
    header = lines[1].split()  # the line before it is the number of images
    rows = (dict(zip(("image", *header), line.split(), strict=False)) for line in lines[2:])
    names, blond, male = columns(rows, ("image", LABEL, OTHER), "list_attr_celeba.txt", most)
    if unknown := {*blond, *male} - {"1", "-1"}:
        raise ValueError(f"list_attr_celeba.txt has an attribute {min(unknown)!r}, not 1 or -1")
    part = dict(line.split() for line in bounded.lines(paths[PARTS], most, LONGEST))
    if unknown := next((name for name in names if name not in part), None):
        raise ValueError(f"list_eval_partition.txt does not say which part {unknown} is in")
    images = np.empty((len(names), ENTRY.side, ENTRY.side, 3), np.uint8)
    with archives.packed(paths[IMAGES], 2 * most) as archive:
        for image, name in zip(images, names, strict=True):
            content = archives.unpacked(archive, f"img_align_celeba/{name}", formats.PHOTOGRAPH_BYTES)
            image[:] = formats.photograph(content, ENTRY.side)
    labels = np.array([each == "1" for each in blond], np.int64)
    attribute = np.array([each == "-1" for each in male], np.int64)
    parts = np.array([part[name] for name in names], np.int64)
    return images, *parted(labels, attribute, parts)
