"""Formats that published data come in, read without running anything that they may hold, and no more of them than a
data set can have."""

import csv
import io
import math
import struct
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

IMAGES = ("JPEG", "PNG")  # Pillow knows more, and runs other programs for some of them
MODES = ("L", "RGB", "CMYK")
MOST_PIXELS = 2048 * 2048  # of a photograph: 16 times the largest that a data set has
PHOTOGRAPH_BYTES = 1 << 22  # of its file, likewise
EXACT = 1 << 53  # below it a float64 has every integer
TYPES = "uif"  # of arrays: integers and floating-point numbers


def whole(values: list | np.ndarray) -> np.ndarray:
    """Labels, a list of integers or an array [N] of whole numbers, as int64 [N]; ValueError where one is neither."""
    if isinstance(values, list):
        if not all(type(value) is int and abs(value) < EXACT for value in values):
            raise ValueError("a label is no whole number")
        return np.array(values, np.int64)
    if values.ndim != 1 or values.dtype.kind not in TYPES:
        raise ValueError(f"labels of shape {values.shape} and type {values.dtype} are not whole numbers in a row")
    if not ((np.abs(values.astype(np.float64)) < EXACT) & (values == np.floor(values))).all():
        raise ValueError("a label is no whole number")
    return values.astype(np.int64)


def libsvm(text: bytes, width: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Values float32 [N, width] and labels int64 [N] of lines `label index:value …`, indices from 1; what is left out
    is 0. ValueError where a line is otherwise, a value is not finite, or there are more than `most` lines."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) > most:
        raise ValueError(f"there are {len(lines):,} lines, more than {most:,}")
    values = np.zeros((len(lines), width), np.float32)
    with np.errstate(over="ignore"):  # what a float32 cannot hold is found below
        for row, (_, *pairs) in enumerate(lines):
            for pair in pairs:
                index, colon, value = pair.partition(b":")
                if not colon or not 1 <= int(index) <= width:
                    raise ValueError(f"line {row + 1} has {pair.decode(errors='replace')!r}, not index:value")
                values[row, int(index) - 1] = float(value)
    finite = np.isfinite(values).all(1)
    if not finite.all():
        raise ValueError(f"line {int(finite.argmin()) + 1} has a value that is no number")
    return values, whole(np.array([float(line[0]) for line in lines]))


def photograph(content: bytes, side: int = 0) -> np.ndarray:
    """An image as uint8 [H, W, 3]; with `side`, its middle square averaged over area (enlarged: nearest) to that many
    pixels a side. ValueError or OSError where it is not one of IMAGES and MODES, or has too many pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our bound is lower
        image = Image.open(io.BytesIO(content), formats=IMAGES)
    with image:
        if math.prod(image.size) > MOST_PIXELS or image.mode not in MODES:
            raise ValueError(
                f"an image of {image.width} x {image.height} pixels in mode {image.mode}: it can have {MOST_PIXELS:,} "
                f"in mode {' or '.join(MODES)}"
            )
        image = image.convert("RGB")
        if side:
            edge = min(image.size)
            left, top = ((length - edge) // 2 for length in image.size)
            image = image.resize((side, side), Image.Resampling.BOX, (left, top, left + edge, top + edge))
        return np.asarray(image)


def array(content: IO[bytes], most: int) -> np.ndarray:
    """The array of a .npy file of at most `most` bytes; ValueError for a longer one, for one that holds anything but
    numbers (allow_pickle has no say), and where the content does not fill the shape."""
    version = np.lib.format.read_magic(content)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"an array in version {version} of its format, not 1.0 or 2.0")
    shape, fortran, kind = read(content)
    if kind.kind not in TYPES or any(length < 0 for length in shape):
        raise ValueError(f"an array of shape {shape} and type {kind}, and not of numbers (allow_pickle has no say)")
    size = math.prod(shape) * kind.itemsize
    if size > most:
        raise ValueError(f"an array of shape {shape} has {size:,} bytes, more than {most:,}")
    data = np.empty(size, np.uint8)
    if content.readinto(memoryview(data)) != size or content.read(1):
        raise ValueError(f"the content of an array does not fill its shape {shape}, or goes on behind it")
    return data.view(kind).reshape(shape, order="F" if fortran else "C")


def npy(path: Path, most: int) -> np.ndarray:
    """The array of a .npy file on the disk: see array."""
    with path.open("rb") as content:
        return array(content, most)


def rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of comma-separated values under a header; csv.Error where a value is longer than the module allows."""
    return csv.DictReader(lines)


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
    if len(payload) - start != math.prod(shape):
        raise ValueError(f"IDX data of {len(payload) - start} bytes do not fill the shape {shape}")
    return np.frombuffer(payload, np.uint8, offset=start).reshape(shape)


def table(payload: bytes, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, side, side] and labels int64 [N] from comma-separated rows of pixels with the label last;
    ValueError where a pixel is no whole number from 0 to 255."""
    rows = np.array([line.split(b",") for line in payload.splitlines()]).astype(np.float64)
    with np.errstate(invalid="ignore"):  # of what is no number, which is found below
        pixels = rows[:, :-1].astype(np.uint8)
    if not (pixels == rows[:, :-1]).all():
        raise ValueError("a pixel is no whole number from 0 to 255")
    return pixels.reshape(-1, side, side), whole(rows[:, -1])


def official(pool: int, test: int) -> np.ndarray:
    """The official-test mask bool [pool + test] of a set whose test examples come last."""
    return np.repeat([False, True], [pool, test])
