"""Readers: from the verified bytes of a data set's files to arrays."""

import struct
from io import BytesIO

import numpy as np


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


def mnist5k(payloads: dict[str, bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 [5000, 28, 28] in 0..255, labels, official-test mask (all false)."""
    images, labels = table(payloads["mnist_5k.csv.gz"], 28)
    return images, labels, np.zeros(len(labels), bool)


def optdigits(payloads: dict[str, bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 [1797, 8, 8] in 0..16, labels, official-test mask (all false)."""
    images, labels = table(payloads["digits.csv.gz"], 8)
    return images, labels, np.zeros(len(labels), bool)


def fashion_mnist(payloads: dict[str, bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 [70000, 28, 28] in 0..255, labels, official-test mask: the 60000 training images come first."""
    images = [idx(payloads[f"{part}-images-idx3-ubyte.gz"]) for part in ("train", "t10k")]
    labels = [idx(payloads[f"{part}-labels-idx1-ubyte.gz"]) for part in ("train", "t10k")]
    official_test = np.repeat([False, True], [len(part) for part in labels])
    return np.concatenate(images), np.concatenate(labels).astype(np.int64), official_test


def mnist1d(payloads: dict[str, bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals float32 [15000, 40], labels, official-test mask: generated, so `payloads` is empty."""
    from robustpath.data import mnist1d as generated

    pool, test = generated.part("pool"), generated.part("test")
    signals = np.concatenate([pool.numpy(), test.numpy()])
    labels = np.concatenate([generated.labels(len(pool)).numpy(), generated.labels(len(test)).numpy()])
    return signals, labels, np.repeat([False, True], [len(pool), len(test)])


def typefaces(payloads: dict[str, bytes]) -> tuple[np.ndarray, ...]:
    """The 26 capital letters of every face: images uint8 [N, 28, 28], labels, official-test mask, group, domain."""
    return _glyphs(payloads["typefaces.npz"], 10, 36)


def typeface_digits(payloads: dict[str, bytes]) -> tuple[np.ndarray, ...]:
    """The 10 digits of every face: images uint8 [N, 28, 28], labels, official-test mask, group, domain."""
    return _glyphs(payloads["typefaces.npz"], 0, 10)


def _glyphs(payload: bytes, first: int, last: int) -> tuple[np.ndarray, ...]:
    """Glyphs first..last-1 of each face, face by face.

    Sans, serif and monospaced faces, domains 0 to 2 of the archive, are for books: they have their family for group and
    domain -1. The others have group -1 and domain 0 (script), 1 (blackletter) or 2 (display).
    """
    with np.load(BytesIO(payload)) as archive:
        images = archive["images"][:, first:last]
        family, domain = archive["family"].astype(np.int64), archive["domain"].astype(np.int64) - 3
    faces, glyphs = images.shape[:2]
    labels = np.tile(np.arange(glyphs), faces)
    group = np.where(domain < 0, family, -1).repeat(glyphs)
    outside = np.maximum(domain, -1).repeat(glyphs)
    return images.reshape(-1, *images.shape[2:]), labels, np.zeros(len(labels), bool), group, outside
