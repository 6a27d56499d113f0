"""From the images of a reader to what training reads, each with the words that its data card says of it."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from robustpath.data.resampling import resize

MNIST_BOX = 20 / 28  # share of the side that MNIST's digits fill
CHUNK = 10_000  # photographs converted at once


def grey(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    """Grey images uint8 [N, S, S] as float32 [N, size, size] in [0, 1]."""
    # Averages over area come out a rounding above 1.
    images = resize(torch.from_numpy(raw).float() / 255, size).clamp_max(1)
    return images, "divided by 255" + resized(raw.shape[1], size)


def colour(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    """Photographs uint8 [N, S, S, 3] as float32 [N, 3, size, size] in [0, 1]."""
    parts = [resize(part.permute(0, 3, 1, 2), size).clamp_max(1) for part in chunks(raw)]
    return torch.cat(parts), f"divided by 255, red, green and blue{resized(raw.shape[1], size)}"


def framed(images: Tensor, size: int) -> tuple[Tensor, str]:
    """Digits [N, S, S] that fill their frame in the middle of a larger one [N, size, size], as MNIST's lie."""
    box = round(size * MNIST_BOX)
    before = (size - box) // 2
    after = size - box - before
    padded = torch.nn.functional.pad(resize(images, box), (before, after, before, after))
    return padded, (
        f"{resized(images.shape[1], box)}, in the middle of {size} x {size} pixels, "
        "as MNIST's digits fill 20 pixels of 28"
    )


def chunks(raw: np.ndarray) -> Iterator[Tensor]:
    """Photographs uint8 [N, H, W, 3] as float32 in [0, 1], some at a time: a large set twice in memory is enough."""
    for start in range(0, len(raw), CHUNK):
        yield torch.from_numpy(np.ascontiguousarray(raw[start : start + CHUNK])).float() / 255


def resized(source: int, size: int) -> str:
    """The words for images brought from `source` pixels a side to `size`."""
    if size == source:
        return f", {size} x {size} pixels as they are"
    how = "averaged over area" if size < source else "interpolated bilinearly"
    return f", {how} from {source} x {source} to {size} x {size} pixels"


USUAL = {1: grey, 3: colour}  # by the channels of an image
