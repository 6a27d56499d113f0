"""The archives of CIFAR-10 and CIFAR-100: pickled batches of Python 2."""

from pathlib import Path

from robustpath.data.entries import DataSet

PIXELS = 3 * 32 * 32
MEMBERS = 1000  # of an archive: a dozen
ROOM = 1 << 20  # bytes of an archive beside its pixels and as much again for labels and names


def read(path: Path, training: list[str], test: str, key: str, entry: DataSet):
    """Photographs uint8 [N, 32, 32, 3] of the batches `training`, then `test`; their labels; official-test mask."""
    import numpy as np

    from robustpath.data import archives, formats, pickled

    most = 2 * (entry.examples + entry.official_test) * PIXELS + ROOM
    images, labels, order = {}, {}, (*training, test)
    for place, content in archives.members(path, lambda place: place.name in order, MEMBERS, most, most):
        batch, name = pickled.read(content), place.name
        if name in images:
            raise ValueError(f"{path.name} has two members called {name}")
        images[name], labels[name] = _pixels(batch, name), formats.whole(batch[key])
        if len(labels[name]) != len(images[name]):
            raise ValueError(f"{name} has {len(images[name])} photographs and {len(labels[name])} labels")
    if lost := next((name for name in order if name not in images), None):
        raise ValueError(f"{path.name} lacks {lost}")
    joined = np.concatenate([images[name] for name in order]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    held = len(labels[test])
    numbers = np.concatenate([labels[name] for name in order])
    return joined, numbers, formats.official(len(numbers) - held, held)


def _pixels(batch: dict, name: str):
    """The photographs of a batch: uint8 [n, 3072]."""
    import numpy as np

    data = batch["data"]
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (PIXELS,):
        raise ValueError(f"{name} has no photographs of {PIXELS} bytes each")
    return data
