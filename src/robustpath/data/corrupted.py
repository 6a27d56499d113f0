"""Published files of test images under the fifteen corruptions of published_names.PUBLISHED, at severities 1 to 5."""

from pathlib import Path, PurePosixPath

from robustpath.data.published_names import PUBLISHED

SEVERITIES = 5
KEPT = 1000  # images of every corruption and severity: all of CIFAR-10-C would fill 12 GB
COUNT = len(PUBLISHED) * SEVERITIES * KEPT
SHOWN = 10_000  # images under each corruption and severity, at most
PIXELS = 32 * 32 * 3
MEMBERS = 1000  # of the archive: about twenty


def arrays(path: Path, classes: int):
    """The first test images of each class, KEPT in all, corruption by corruption and there by severity.

    An array of the archive holds all test images at severity 1, then at 2, to 5; labels.npy likewise.
    """
    import numpy as np

    from robustpath.data import archives, formats

    with archives.tar(path, MEMBERS) as (archive, files):
        entries = {PurePosixPath(member.name).name: member for member in files}
        with archive.extractfile(entries["labels.npy"]) as content:
            labels = formats.whole(formats.array(content, SEVERITIES * SHOWN * 8))
        count = len(labels) // SEVERITIES
        if len(labels) != SEVERITIES * count or (labels.reshape(SEVERITIES, count) != labels[:count]).any():
            raise ValueError("labels.npy has not the same labels at every severity")
        chosen = _first_of_each(labels[:count], KEPT // classes)
        at = np.concatenate([severity * count + chosen for severity in range(SEVERITIES)])
        kept = []
        for name in PUBLISHED:
            with archive.extractfile(entries[f"{name}.npy"]) as content:
                images = formats.array(content, SEVERITIES * SHOWN * PIXELS)
            if images.shape != (len(labels), 32, 32, 3) or images.dtype != np.uint8:
                raise ValueError(f"{name}.npy has the shape {images.shape} and the type {images.dtype}")
            kept.append(images[at])
    return joined(kept, [labels[at]] * len(PUBLISHED))


def _first_of_each(labels, most: int):
    """Positions, ascending, of the first `most` examples of each class."""
    import numpy as np

    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:most] for label in np.unique(labels)]))


def joined(images: list, labels: list):
    """One set from a part for each corruption, in each as many examples of one severity as of the next: images, labels,
    official-test mask (all true), no group, domain (the corruption) and severity."""
    import numpy as np

    from robustpath.data.formats import official

    lengths = [len(part) for part in labels]
    severity = np.concatenate([np.repeat(np.arange(1, SEVERITIES + 1), n // SEVERITIES) for n in lengths])
    domain = np.repeat(np.arange(len(lengths)), lengths)
    return np.concatenate(images), np.concatenate(labels), official(0, sum(lengths)), None, domain, severity
