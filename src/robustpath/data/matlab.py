"""MATLAB files of version 5: arrays of numbers whose names and shapes are known before."""

import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

HEADER_BYTES = 128
LITTLE_ENDIAN = b"\x00\x01IM"  # the end of the header: version 1.0, and the order of bytes
COMPRESSED = 15  # the type of an element that holds another one, compressed by zlib
CLASSES = ("uint8", "double")
ROOM = 1 << 16  # bytes of a file beside the numbers of its arrays


def arrays(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays called as in `shapes`; ValueError where one has another shape or is not of numbers.

    SciPy unpacks as much as a file says, and nested cells as deep as it says: it is given what was unpacked within
    bounds, and only once the headers of the arrays are those of plain ones.
    """
    content = path.read_bytes() if path.stat().st_size <= (most := _most(shapes)) else b""
    if content[HEADER_BYTES - 4 : HEADER_BYTES] != LITTLE_ENDIAN:
        raise ValueError(f"{path.name} is not a MATLAB file of version 5 with at most {most:,} bytes")
    plain = _unpacked(content, most, path.name)
    found = {name: (shape, kind) for name, shape, kind in whosmat(io.BytesIO(plain))}
    for name, shape in shapes.items():
        of_shape, kind = found.get(name, (None, None))
        if of_shape != shape or kind not in CLASSES:
            raise ValueError(f"{path.name} should have {name} of shape {shape} and has it of shape {of_shape}, {kind}")
    return loadmat(io.BytesIO(plain), variable_names=tuple(shapes))


def _most(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(8 * math.prod(shape) for shape in shapes.values()) + ROOM


def _unpacked(content: bytes, most: int, what: str) -> bytes:
    """The same file with every element unpacked."""
    parts, start, left = [content[:HEADER_BYTES]], HEADER_BYTES, most
    while start + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, start)
        element = memoryview(content)[start : start + 8 + size]
        if len(element) != 8 + size:
            raise ValueError(f"{what} is cut short")
        if kind == COMPRESSED:
            stream = zlib.decompressobj()
            element = stream.decompress(element[8:], left)
            if not stream.eof and len(element) < left:
                raise ValueError(f"{what} is cut short")
        start, left = start + 8 + size, left - len(element)
        if left <= 0:
            raise ValueError(f"{what} holds more than the {most:,} bytes that it can have")
        parts.append(element)
    return b"".join(parts)
