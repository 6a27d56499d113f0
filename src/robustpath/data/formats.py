"""Formats that published data come in, read without running anything that they may hold."""

import csv
import io
import pickle
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

ADMITTED = {"_reconstruct", "ndarray", "dtype"}  # what a pickled array is put together with
NUMPY = {"numpy", "numpy.core.multiarray", "numpy._core.multiarray"}


class _Arrays(pickle.Unpickler):
    """An unpickler that puts together arrays, numbers, text and containers of them, and refuses all else."""

    def find_class(self, module: str, name: str):
        if module not in NUMPY or name not in ADMITTED:
            raise ValueError(f"the pickle asks for {module}.{name}, which is no part of an array")
        return getattr(np._core.multiarray, name) if name == "_reconstruct" else getattr(np, name)


def pickled(file: IO[bytes]) -> dict:
    """What a pickle of Python 2 or 3 holds; ValueError where it is damaged or asks for anything but numpy's arrays."""
    try:
        # Python 2 left no word of how its text was encoded; latin-1 gives back its bytes.
        return _Arrays(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a pickle of arrays ({error})") from None


def members(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    """(path, content) of every file of a tar, in its order, so that a compressed one is read but once."""
    for member in archive:
        if member.isfile():
            yield member.name, archive.extractfile(member)


def libsvm(text: bytes, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Values float32 [N, width] and labels int64 [N] of lines `label index:value …`, indices from 1; what is left out
    is 0. ValueError where a line is otherwise."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    values = np.zeros((len(lines), width), np.float32)
    for row, (_, *pairs) in enumerate(lines):
        for pair in pairs:
            index, colon, value = pair.partition(b":")
            if not colon or not 1 <= int(index) <= width:
                raise ValueError(f"line {row + 1} has {pair.decode(errors='replace')!r}, not index:value")
            values[row, int(index) - 1] = float(value)
    return values, np.array([int(float(line[0])) for line in lines], np.int64)


def photograph(content: IO[bytes], side: int = 0) -> np.ndarray:
    """An image as uint8 [H, W, 3]; with `side`, its middle square averaged over area (enlarged: nearest) to that many
    pixels a side."""
    with Image.open(content) as image:
        image = image.convert("RGB")
        if side:
            edge = min(image.size)
            left, top = ((length - edge) // 2 for length in image.size)
            image = image.resize((side, side), Image.Resampling.BOX, (left, top, left + edge, top + edge))
        return np.asarray(image)


def array(content: IO[bytes]) -> np.ndarray:
    """The array of a .npy file; ValueError for one that holds objects."""
    return np.load(io.BytesIO(content.read()), allow_pickle=False)


def rows(text: str) -> list[dict[str, str]]:
    """The rows of comma-separated values under a header."""
    return list(csv.DictReader(io.StringIO(text)))


def open_tar(path: Path) -> tarfile.TarFile:
    """A tar, compressed or not, open for reading."""
    return tarfile.open(path, "r:*")


def idx(payload: bytes) -> np.ndarray:
    """An IDX array of unsigned bytes (LeCun's format): two zero bytes, type 8, rank, big-endian sizes, data.

    ValueError when the header is not that or the length does not fit it.
    """
    if len(payload) < 4 or payload[:3] != b"\x00\x00\x08":
        raise ValueError("not an IDX file of unsigned bytes")
    rank = payload[3]
    start = 4 + 4 * rank
    if len(payload) < start:
        raise ValueError("IDX header cut short")
    shape = struct.unpack(f">{rank}I", payload[4:start])
    if len(payload) - start != int(np.prod(shape)):
        raise ValueError(f"IDX data of {len(payload) - start} bytes do not fill the shape {shape}")
    return np.frombuffer(payload, np.uint8, offset=start).reshape(shape)


def table(payload: bytes, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, side, side] and labels int64 [N] from comma-separated rows of pixels with the label last."""
    rows = np.array([line.split(b",") for line in payload.splitlines()]).astype(np.float64)
    return rows[:, :-1].astype(np.uint8).reshape(-1, side, side), rows[:, -1].astype(np.int64)


def official(pool: int, test: int) -> np.ndarray:
    """The official-test mask bool [pool + test] of a set whose test examples come last."""
    return np.repeat([False, True], [pool, test])
