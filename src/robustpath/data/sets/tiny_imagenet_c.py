"""Tiny ImageNet-C at 32 pixels, the first 5 images of each class under every corruption and severity."""

from collections import defaultdict
from pathlib import PurePosixPath

from robustpath.data import corrupted
from robustpath.data.entries import DataSet, File
from robustpath.data.published_names import PUBLISHED

MEMBERS = 2_000_000  # of the archive: under each corruption and severity 10000 images, and folders
ENTRY = DataSet(
    name="tiny_imagenet_c",
    title="Tiny ImageNet-C at 32 pixels, the first 5 images of each class under every corruption and severity",
    kind="image",
    classes=200,
    examples=0,
    official_test=corrupted.COUNT,
    smallest_class=0,
    files=(
        File(
            "TinyImageNet-C.tar",
            urls=("https://zenodo.org/records/2469796/files/TinyImageNet-C.tar?download=1",),
            md5="3d9c6e89c2609aeb4198f84c8edd1ff0",
        ),
    ),
    licence="CC BY 4.0; the images under the terms of ImageNet",
    citation="hendrycks2019corruptions",
    channels=3,
    side=32,
)


def read(paths):
    """The validation images under the fifteen corruptions [75000, 64, 64, 3], the first of each class, from files
    corruption/severity/WordNet name/val_number.JPEG."""
    import numpy as np

    from robustpath.data import archives, formats

    with archives.tar(paths["TinyImageNet-C.tar"], MEMBERS) as (archive, found):
        entries = defaultdict(list)
        for member in found:
            parts = PurePosixPath(member.name).parts
            if len(parts) >= 4 and parts[-4] in PUBLISHED:
                entries[parts[-4], int(parts[-3]), parts[-2]].append(member)
        names = sorted({name for _, _, name in entries})
        most = corrupted.KEPT // ENTRY.classes
        images, labels = [], []
        for corruption in PUBLISHED:
            chosen = [
                (member, label)
                for severity in range(1, corrupted.SEVERITIES + 1)
                for label, name in enumerate(names)
                for member in sorted(entries[corruption, severity, name], key=_number)[:most]
            ]
            contents = (archives.content(archive, member, formats.PHOTOGRAPH_BYTES) for member, _ in chosen)
            images.append(np.stack([formats.photograph(content) for content in contents]))
            labels.append(np.array([label for _, label in chosen], np.int64))
    return corrupted.joined(images, labels)


def _number(member):
    return int(PurePosixPath(member.name).stem.rpartition("_")[2])
