"""The multilayer perceptron with an episodic memory: what is stored near an input is mixed into its prediction."""

from collections.abc import Sequence

from torch import nn

from robustpath.models.recall import Mixed, recalling

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 0)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """The perceptron with layers of the widths `hidden`; with an empty memory it computes the same, bit for bit."""
    return recalling(Mixed, shape, classes, hidden)
