"""What every floor above speaks of: the parameters of a network and a batch of examples."""

from typing import NamedTuple

from torch import Tensor

Params = dict[str, Tensor]


class Batch(NamedTuple):
    """Examples: inputs [b, …] and labels [b]."""

    inputs: Tensor
    labels: Tensor
