"""The memory of a stream: which examples lie in it depends on the stream and the seed alone, so it is dealt to every
method alike; what a method keeps beside an example lies in the method's own state, by the example's slot."""

import torch
from torch import Tensor

CAPACITY = 512  # slots that a method keeps room for; an experiment may use fewer
NOWHERE = CAPACITY  # the slot of an example that the memory does not take


def empty(*shape: int) -> Tensor:
    """Room for a tensor of `shape` beside each example of the memory [CAPACITY + 1, *shape]; the last row takes what
    the memory does not."""
    return torch.zeros(CAPACITY + 1, *shape)


def put(kept: Tensor, positions: Tensor, values: Tensor) -> Tensor:
    """`kept` with `values` [b, …] in the rows `positions` [b]; no two of them are the same slot, but for NOWHERE."""
    return kept.index_put((positions,), values)
