"""The archives of CIFAR-10 and CIFAR-100: pickled batches of Python 2."""

from pathlib import Path, PurePosixPath


def read(path: Path, training: list[str], test: str, key: str):
    """Photographs uint8 [N, 32, 32, 3] of the batches `training`, then `test`; their labels; official-test mask."""
    import numpy as np

    from robustpath.data import formats

    with formats.open_tar(path) as archive:
        found = {
            PurePosixPath(name).name: formats.pickled(content)
            for name, content in formats.members(archive)
            if PurePosixPath(name).name in (*training, test)
        }
    parts = [found[name] for name in (*training, test)]
    images = np.concatenate([part["data"] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.concatenate([np.asarray(part[key], np.int64) for part in parts])
    held = len(found[test][key])
    return images, labels, formats.official(len(labels) - held, held)
