"""Readers of the data sets that are fetched: from their verified files on the disk to arrays.

Each takes the paths by name and gives images, labels int64 [N] and the official-test mask; then, where there are any,
group, domain, severity and attribute (see prepare.Prepared; None for those there are not). Photographs are uint8
[N, H, W, 3].
"""

import bz2
import gzip
import tarfile
import zipfile
from collections import defaultdict
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np

from robustpath.data import formats
from robustpath.data.fetched import IDX, KEPT_CORRUPTED
from robustpath.data.readers import idx
from robustpath.data.registry import PUBLISHED, get

Read = tuple[np.ndarray | None, ...]
SEVERITIES = 5


def _official(pool: int, test: int) -> np.ndarray:
    return np.repeat([False, True], [pool, test])


def _idx_files(folder: str, paths: dict[str, Path]) -> Read:
    parts = [idx(gzip.decompress(paths[f"{folder}/{name}"].read_bytes())) for name in IDX]
    labels = np.concatenate(parts[1::2]).astype(np.int64)
    return np.concatenate(parts[::2]), labels, _official(len(parts[1]), len(parts[3]))


def mnist(paths: dict[str, Path]) -> Read:
    """Digits uint8 [70000, 28, 28], the 60000 training images first."""
    return _idx_files("mnist", paths)


def kmnist(paths: dict[str, Path]) -> Read:
    """Cursive Japanese characters uint8 [70000, 28, 28], the 60000 training images first."""
    return _idx_files("kmnist", paths)


def usps(paths: dict[str, Path]) -> Read:
    """Digits float32 [9298, 16, 16] in [-1, 1], -1 the paper, the 7291 training images first; LIBSVM counts from 1."""
    parts = [
        formats.libsvm(bz2.decompress(paths[f"usps/{name}"].read_bytes()), 256) for name in ("usps.bz2", "usps.t.bz2")
    ]
    images, labels = (np.concatenate(both) for both in zip(*parts, strict=True))
    return images.reshape(-1, 16, 16), labels - 1, _official(*(len(part[1]) for part in parts))


def svhn(paths: dict[str, Path]) -> Read:
    """House numbers [99289, 32, 32, 3], the 73257 training images first; the files have 10 for the digit 0."""
    from scipy.io import loadmat  # only here: training imports this module and has no use for SciPy

    parts = [loadmat(paths[f"svhn/{part}_32x32.mat"], variable_names=("X", "y")) for part in ("train", "test")]
    images = [part["X"].transpose(3, 0, 1, 2) for part in parts]
    labels = np.concatenate([part["y"].ravel() for part in parts]).astype(np.int64) % 10
    return np.concatenate(images), labels, _official(*map(len, images))


def cifar10(paths: dict[str, Path]) -> Read:
    """Photographs [60000, 32, 32, 3], the 50000 training images first."""
    training = [f"data_batch_{number}" for number in range(1, 6)]
    return _cifar(paths["cifar-10-python.tar.gz"], training, "test_batch", "labels")


def cifar100(paths: dict[str, Path]) -> Read:
    """Photographs [60000, 32, 32, 3], the 50000 training images first; the 100 fine labels."""
    return _cifar(paths["cifar-100-python.tar.gz"], ["train"], "test", "fine_labels")


def _cifar(path: Path, training: list[str], test: str, key: str) -> Read:
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
    return images, labels, _official(len(labels) - held, held)


def cifar10_1(paths: dict[str, Path]) -> Read:
    """Photographs [2000, 32, 32, 3], all for testing."""
    images = np.load(paths["cifar10.1_v6_data.npy"], allow_pickle=False)
    labels = np.load(paths["cifar10.1_v6_labels.npy"], allow_pickle=False).astype(np.int64)
    return images, labels, _official(0, len(labels))


def cifar10_c(paths: dict[str, Path]) -> Read:
    """CIFAR-10's test images under the fifteen corruptions [75000, 32, 32, 3]: see `_corrupted_arrays`."""
    return _corrupted_arrays(paths["CIFAR-10-C.tar"], get("cifar10_c").classes)


def cifar100_c(paths: dict[str, Path]) -> Read:
    """CIFAR-100's test images under the fifteen corruptions [75000, 32, 32, 3]: see `_corrupted_arrays`."""
    return _corrupted_arrays(paths["CIFAR-100-C.tar"], get("cifar100_c").classes)


def _corrupted_arrays(path: Path, classes: int) -> Read:
    """The first test images of each class, KEPT_CORRUPTED in all, corruption by corruption and there by severity.

    An array of the archive holds all test images at severity 1, then at 2, to 5; labels.npy likewise.
    """
    wanted = {f"{name}.npy": place for place, name in enumerate(PUBLISHED)}
    kept: dict[int, np.ndarray] = {}
    with tarfile.open(path, "r:") as archive:
        entries = {PurePosixPath(member.name).name: member for member in archive if member.isfile()}
        labels = formats.array(archive.extractfile(entries["labels.npy"])).astype(np.int64)
        count = len(labels) // SEVERITIES
        chosen = _first_of_each(labels[:count], KEPT_CORRUPTED // classes)
        at = np.concatenate([severity * count + chosen for severity in range(SEVERITIES)])
        for name, place in wanted.items():
            kept[place] = formats.array(archive.extractfile(entries[name]))[at]
    return _corrupted([kept[place] for place in range(len(PUBLISHED))], [labels[at]] * len(PUBLISHED))


def _first_of_each(labels: np.ndarray, most: int) -> np.ndarray:
    """Positions, ascending, of the first `most` examples of each class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:most] for label in np.unique(labels)]))


def _corrupted(images: list[np.ndarray], labels: list[np.ndarray]) -> Read:
    """One set from a part for each corruption, in each as many examples of one severity as of the next."""
    lengths = [len(part) for part in labels]
    severity = np.concatenate([np.repeat(np.arange(1, SEVERITIES + 1), n // SEVERITIES) for n in lengths])
    domain = np.repeat(np.arange(len(lengths)), lengths)
    return np.concatenate(images), np.concatenate(labels), _official(0, sum(lengths)), None, domain, severity


def tiny_imagenet(paths: dict[str, Path]) -> Read:
    """Photographs [110000, 64, 64, 3]; labels in the order of the WordNet names; the validation part is for testing,
    as the test part has no labels."""
    with zipfile.ZipFile(paths["tiny-imagenet-200.zip"]) as archive:
        root = "tiny-imagenet-200"
        names = sorted(archive.read(f"{root}/wnids.txt").decode().split())
        label = {name: place for place, name in enumerate(names)}
        told = [line.split("\t") for line in archive.read(f"{root}/val/val_annotations.txt").decode().splitlines()]
        training = [PurePosixPath(name) for name in archive.namelist() if name.startswith(f"{root}/train/")]
        training = [path for path in training if path.suffix == ".JPEG"]
        files = [str(path) for path in training] + [f"{root}/val/images/{file}" for file, *_ in told]
        images = np.stack([formats.photograph(BytesIO(archive.read(file))) for file in files])
    labels = [label[path.parts[2]] for path in training] + [label[name] for _, name, *_ in told]
    return images, np.array(labels, np.int64), _official(len(training), len(told))


def tiny_imagenet_c(paths: dict[str, Path]) -> Read:
    """The validation images under the fifteen corruptions [75000, 64, 64, 3], the first of each class, from files
    corruption/severity/WordNet name/val_number.JPEG."""
    with tarfile.open(paths["TinyImageNet-C.tar"], "r:") as archive:
        entries = defaultdict(list)
        for member in archive:
            parts = PurePosixPath(member.name).parts
            if member.isfile() and len(parts) >= 4 and parts[-4] in PUBLISHED:
                entries[parts[-4], int(parts[-3]), parts[-2]].append(member)
        names = sorted({name for _, _, name in entries})
        most = KEPT_CORRUPTED // get("tiny_imagenet_c").classes
        images, labels = [], []
        for corruption in PUBLISHED:
            chosen = [
                (member, label)
                for severity in range(1, SEVERITIES + 1)
                for label, name in enumerate(names)
                for member in sorted(entries[corruption, severity, name], key=_number)[:most]
            ]
            images.append(np.stack([formats.photograph(archive.extractfile(member)) for member, _ in chosen]))
            labels.append(np.array([label for _, label in chosen], np.int64))
    return _corrupted(images, labels)


def _number(member: tarfile.TarInfo) -> int:
    return int(PurePosixPath(member.name).stem.rpartition("_")[2])


def waterbirds(paths: dict[str, Path]) -> Read:
    """Photographs [11788, 64, 64, 3], the middle square averaged; label 1 for waterbirds, attribute 1 for water behind.

    Training images, each a group of its own, are the pool, test images the official test part. The authors' validation
    images, in which the background tells nothing, have group -1: no part holds them.
    """
    side = get("waterbirds").side
    with formats.open_tar(paths["waterbird_complete95_forest2water2.tar.gz"]) as archive:
        found, told = {}, ""
        for name, content in formats.members(archive):
            path = PurePosixPath(name)
            if path.name == "metadata.csv":
                told = content.read().decode()
            elif path.suffix.lower() in (".jpg", ".jpeg"):
                found["/".join(path.parts[-2:])] = formats.photograph(content, side)
    rows = formats.rows(told)
    images = np.stack([found[row["img_filename"]] for row in rows])
    label, part, place = (np.array([int(row[key]) for row in rows], np.int64) for key in ("y", "split", "place"))
    group = np.where(part == 0, np.arange(len(rows)), -1)
    return images, label, part == 2, group, None, None, place
