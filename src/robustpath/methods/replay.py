"""What methods that replay have in common: batches joined, and what is kept beside the examples of the memory."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.types import Batch, Params
from robustpath.methods import memory


class Kept(NamedTuple):
    """Values beside the examples of the memory, by slot [CAPACITY + 1, …].

    now: of the examples that lie in the memory while the present batch stays. after: of those that lie in it once the
    batch has left, which takes slots of others. batches: how many have arrived, the present one included.
    """

    now: Tensor
    after: Tensor
    batches: Tensor


def nothing_kept(params: Params, *shape: int) -> Kept:
    """Before the first batch; `shape` is that of the values beside one example."""
    rows = memory.empty(*shape).to(zero(params).dtype)
    return Kept(rows, rows, zero(params))


def keep(kept: Kept, positions: Tensor, values: Tensor) -> Kept:
    """As a batch arrives: `values` [b, …] are kept beside its examples, but replayed from the next batch on.

    The slots that it takes are those of other examples until it leaves: replayed beside them is what they had.
    """
    return Kept(kept.after, memory.put(kept.after, positions, values.to(kept.after.dtype)), kept.batches + 1)


def of_earlier(kept: Kept) -> Tensor:
    """1 where the memory holds examples of earlier batches, and 0 while the first batch stays, a scalar."""
    return (kept.batches > 1).to(kept.now.dtype)


def zero(params: Params) -> Tensor:
    """The number 0 as the parameters are stored, to count from."""
    return torch.zeros((), dtype=next(iter(params.values())).dtype)


def joined(batch: Batch, other: Batch) -> Batch:
    """The examples of both, inputs and labels only."""
    return Batch(torch.cat([batch.inputs, other.inputs]), torch.cat([batch.labels, other.labels]))
