"""Arrays and numbers in files as an attacker writes them: each is refused in one sentence and in little memory."""

import bz2
import gzip
import io
import struct
import zlib

import numpy as np
import pytest
import tiny
from hostile import MEGABYTE, refused, zeros
from scipy.io import savemat

from robustpath.data import bounded


def idx_with(**changed):
    """MNIST of 14 images, some files of which are changed, by the end of their names."""
    files = tiny.idx_files("mnist", tiny.noise(14, 28, 28), np.arange(14) % 10, 10)
    return files | {f"mnist/{name.replace('_', '-')}-ubyte.gz": content for name, content in changed.items()}


LABELS = np.arange(14) % 10
FLIPPED = bytearray(gzip.compress(gzip.decompress(tiny.gz_idx(tiny.noise(10, 28, 28))), 0))
FLIPPED[2000] ^= 1
IDX = {
    "a bomb": ({"train_images_idx3": zeros(64 * MEGABYTE)}, "more than the 7,856 bytes"),
    "members without end": ({"train_images_idx3": gzip.compress(b"") * 200_000}, "more than the 7,856"),
    "more images": ({"train_images_idx3": tiny.gz_idx(tiny.noise(11, 28, 28))}, "more than the 7,856"),
    "fewer images": ({"train_images_idx3": tiny.gz_idx(tiny.noise(9, 28, 28))}, "do not go with labels"),
    "fewer of both": ({"train_images_idx3": tiny.gz_idx(tiny.noise(9, 28, 28)),
                       "train_labels_idx1": tiny.gz_idx(LABELS[:9].astype(np.uint8))}, "the pool should hold 10 "),
    "another shape": ({"train_images_idx3": tiny.gz_idx(tiny.noise(10, 14, 56))}, "do not go with labels"),
    "a shape that wraps": ({"train_images_idx3": struct.pack(">4B4I", 0, 0, 8, 4, *[1 << 16] * 4)}, "do not fill"),
    "an unknown class": ({"train_labels_idx1": tiny.gz_idx(np.full(10, 10, np.uint8))}, "labels go from 0 to 10, not"),
    "a class that is rarer": ({"train_labels_idx1": tiny.gz_idx(np.array([*range(9), 8], np.uint8))}, "rarest class"),
    "a flipped byte": ({"train_images_idx3": FLIPPED}, "CRC check failed"),
}  # fmt: skip


@pytest.mark.parametrize("name", IDX)
def test_hostile_digits_are_refused_in_little_memory(fetch, name):
    changed, fault = IDX[name]
    assert fault in refused(fetch, "mnist", idx_with(**changed), tiny.known(LABELS, 10), 28)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"1 1" + b"0" * 30 + b":1\n", "not index:value"),
        (b"1 " + b"9" * 5000 + b":1\n", "digits"),
        (b"1 0:1\n", "not index:value"),
        (b"1 -1:1\n", "not index:value"),
        (b"1 1:nan\n", "no number"),
        (b"1 1:inf\n", "no number"),
        (b"1 1:1e300\n", "no number"),
        (b"1 1:\n", "could not convert"),
        (b"1 x:1\n", "invalid literal"),
        (b"nan 1:1\n", "no whole number"),
        (b"inf 1:1\n", "no whole number"),
        (b"1e300 1:1\n", "no whole number"),
        (b"1.5 1:1\n", "no whole number"),
        (b"0 1:1\n", "labels go from -1"),
        (b"11 1:1\n", "labels go from 0 to 10"),
        (b"\n\n", "the pool should hold"),
        (b"1\n" * 5, "5 lines, more than 2"),
        (b"\0 1:1\n", "could not convert"),
        (bytes(64 * MEGABYTE), "more than the"),
    ],
)
def test_hostile_lines_are_refused_in_little_memory(fetch, text, fault):
    labels = [0, 1, 0, 1]
    good = tiny.usps_files(np.full((4, 256), 0.5), np.array(labels), 2)
    first = text if len(text) > 1000000 or text.count(b"\n") > 1 else text + b"2 1:1\n"
    files = good | {"usps/usps.bz2": bz2.compress(first)}
    assert fault in refused(fetch, "usps", files, tiny.known(labels, 2), 28)


def matlab(images, labels):
    out = io.BytesIO()
    savemat(out, {"X": images, "y": labels}, do_compression=True)
    return out.getvalue()


def compressed(element):
    packed = zlib.compress(element)
    return struct.pack("<II", 15, len(packed)) + packed


def nested(depth):
    """A cell that holds a cell, and so on, called X."""
    element = b""
    for level in range(depth):
        name = struct.pack("<II", 1, 1 if level == depth - 1 else 0) + (
            b"X".ljust(8, b"\0") if level == depth - 1 else b""
        )
        content = struct.pack("<IIII", 6, 8, 1, 0) + struct.pack("<IIii", 5, 8, 1, 1) + name + element
        element = struct.pack("<II", 14, len(content)) + content
    return element


HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
RIGHT = np.arange(1, 11, dtype=np.uint8)[:, None]
PIXELS = tiny.noise(32, 32, 3, 10)
DEEP = nested(3000)
MATLAB = {
    "a bomb": (HEADER + compressed(bytes(64 * MEGABYTE)), "more than the"),
    "cells in cells": (HEADER + DEEP, "cell"),
    "compressed cells in cells": (HEADER + compressed(DEEP), "cell"),
    "an element without end": (HEADER + struct.pack("<II", 14, (1 << 32) - 1) + b"abc", "cut short"),
    "a stream that is cut": (HEADER + struct.pack("<II", 15, 20) + zlib.compress(DEEP)[:20], "cut short"),
    "fewer images": (matlab(PIXELS[..., :9], RIGHT), "X of shape"),
    "objects": (matlab(np.array([{}], dtype=object), RIGHT), "X of shape"),
    "numbers that are no pixels": (matlab(PIXELS.astype(float), RIGHT), "not uint8"),
    "a label 0": (matlab(PIXELS, RIGHT - 1), "not 1 to 10"),
    "a label 11": (matlab(PIXELS, RIGHT + 1), "not 1 to 10"),
    "a label that is no number": (matlab(PIXELS, np.where(RIGHT == 3, np.nan, RIGHT)), "no whole number"),
    "a label between two": (matlab(PIXELS, RIGHT + 0.5 * (RIGHT == 3)), "no whole number"),
    "a negative label": (matlab(PIXELS, -RIGHT.astype(float)), "not 1 to 10"),
    "another version": (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(1000), "version 5"),
    "nothing": (b"", "version 5"),
}  # fmt: skip


@pytest.mark.parametrize("name", MATLAB)
def test_a_hostile_matlab_file_is_refused_in_little_memory(fetch, name):
    content, fault = MATLAB[name]
    labels = np.tile(np.arange(1, 11) % 10, 2)
    good = matlab(PIXELS, RIGHT)
    files = {"svhn/train_32x32.mat": content, "svhn/test_32x32.mat": good}
    assert fault in refused(fetch, "svhn", files, tiny.known(labels, 10))


def test_no_more_than_one_byte_beyond_a_bound_is_unpacked(tmp_path):
    path = tmp_path / "zeros.gz"
    path.write_bytes(zeros(4 * MEGABYTE))
    assert len(bounded.unpacked(path, 4 * MEGABYTE)) == 4 * MEGABYTE
    with pytest.raises(ValueError, match=r"zeros\.gz holds more than the 4,194,303 bytes"):
        bounded.unpacked(path, 4 * MEGABYTE - 1)
    with gzip.open(path) as stream:
        source = bounded.Bounded(stream, 1000, "it")
        with pytest.raises(ValueError, match="it holds more than the 1,000 bytes"):
            source.read(5000)
        assert stream.tell() == 1001
