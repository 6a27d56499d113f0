"""The multilayer perceptron whose last hidden layer has two units: about half as many as the data have factors."""

import math
from collections.abc import Callable, Sequence

from torch import nn

from robustpath.models.mlp import mlp

KINDS = ("image", "signal")
MEASURED = True
HIDDEN = True
PORTION = (16, 0)


def narrowed(width: int) -> Callable[[Sequence[int], int, Sequence[int]], nn.Module]:
    """A function that makes the perceptron with `width` units in its last hidden layer."""

    def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
        """The perceptron with layers of the widths `hidden`, but the last of them."""
        return mlp(math.prod(shape), [*hidden[:-1], width], classes)

    return network


network = narrowed(2)
