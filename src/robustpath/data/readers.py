"""Readers: from the verified bytes of a data set's files to arrays."""

import struct

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
