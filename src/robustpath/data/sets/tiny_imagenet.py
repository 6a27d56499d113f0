"""Tiny ImageNet at 32 pixels, its validation images for testing."""

from pathlib import PurePosixPath

from robustpath.data.entries import DataSet, File

MEMBERS = 500_000  # of the archive: 120000 images, and folders and boxes
LISTED_BYTES = 1 << 22  # of a list in it
ENTRY = DataSet(
    name="tiny_imagenet",
    title="Tiny ImageNet at 32 pixels, its validation images for testing",
    kind="image",
    classes=200,
    examples=100000,
    official_test=10000,
    smallest_class=500,
    files=(
        File(
            "tiny-imagenet-200.zip",
            urls=(
                "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
                "https://zenodo.org/records/10720917/files/tiny-imagenet-200.zip?download=1",
            ),
            md5="90528d7ca1a48142e341f4ef8d21d0de",
            raw_size=248100043,
        ),
    ),
    licence="terms of ImageNet: non-commercial research",
    citation="le2015tiny",
    channels=3,
    side=32,
    published="tiny_imagenet_c",
)


def read(paths):
    """Photographs [110000, 64, 64, 3]; labels in the order of the WordNet names; the validation part is for testing,
    as the test part has no labels."""
    import numpy as np

    from robustpath.data import archives, formats

    with archives.packed(paths["tiny-imagenet-200.zip"], MEMBERS) as archive:
        root = "tiny-imagenet-200"
        names = sorted(archives.unpacked(archive, f"{root}/wnids.txt", LISTED_BYTES).decode().split())
        label = {name: place for place, name in enumerate(names)}
        table = archives.unpacked(archive, f"{root}/val/val_annotations.txt", LISTED_BYTES).decode()
        listed = [line.split("\t") for line in table.splitlines()]
        training = [PurePosixPath(name) for name in archive.namelist() if name.startswith(f"{root}/train/")]
        training = [path for path in training if path.suffix == ".JPEG"]
        files = [str(path) for path in training] + [f"{root}/val/images/{file}" for file, *_ in listed]
        if len(files) > ENTRY.examples + ENTRY.official_test:
            raise ValueError(f"{len(files):,} images are more than there should be")
        contents = (archives.unpacked(archive, file, formats.PHOTOGRAPH_BYTES) for file in files)
        images = np.stack([formats.photograph(content) for content in contents])
    labels = [label[path.parts[2]] for path in training] + [label[name] for _, name, *_ in listed]
    return images, np.array(labels, np.int64), formats.official(len(training), len(listed))
