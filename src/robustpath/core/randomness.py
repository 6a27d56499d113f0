"""Random streams that depend on names alone: the same key gives the same numbers, with anything beside it.

No stream has a state to save: batch t of a run is a function of (key, t), so a resumed run needs its step number only.
"""

import hashlib
from collections.abc import Collection
from functools import lru_cache

import torch
from torch import Tensor


def varied(source: str, seed: int, vary: Collection[str]) -> int:
    """The seed of a source of variation ("split", "initialisation" or "order") in a run of seed `seed`: its own where
    the source is one that varies, else 0."""
    return seed if source in vary else 0


def generator(*key: object) -> torch.Generator:
    """A CPU generator seeded by the SHA-256 of the key's parts, in order."""
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@lru_cache(maxsize=4096)
def _epoch(count: int, epoch: int, key: tuple) -> Tensor:
    return torch.randperm(count, generator=generator(*key, "epoch", epoch))


def batches(count: int, batch_size: int, start: int, stop: int, *key: object) -> Tensor:
    """Positions of batches start..stop-1 among `count` examples: int64 [stop - start, batch_size].

    One shuffled pass over the examples follows another without a gap, so a batch may span two passes and `count` may
    be smaller than the batch.
    """
    first, last = start * batch_size, stop * batch_size
    passes = range(first // count, -(-last // count))
    order = torch.cat([_epoch(count, epoch, key) for epoch in passes])
    offset = passes.start * count
    return order[first - offset : last - offset].reshape(stop - start, batch_size)


def noise(size: int, start: int, stop: int, *key: object, out: Tensor | None = None) -> Tensor:
    """Standard normal vectors for steps start..stop-1: float32 [stop - start, size], written to `out` where given."""
    drawn = torch.empty(stop - start, size) if out is None else out
    for row, step in zip(drawn, range(start, stop), strict=True):
        torch.randn(size, generator=generator(*key, "noise", step), out=row)
    return drawn
