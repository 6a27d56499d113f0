"""What every later layer speaks of: the parameters of a network and a batch of examples."""

from typing import NamedTuple

from torch import Tensor

Params = dict[str, Tensor]


class Batch(NamedTuple):
    """Examples: inputs [b, …] and labels [b]; in a stream also positions [b], int64, the slots of the memory that they
    lie in, or that they will be put into (methods/memory.py)."""

    inputs: Tensor
    labels: Tensor
    positions: Tensor | None = None
