"""A perceptron of leaky integrate-and-fire units, read out by their firing rates."""

from collections.abc import Sequence

from torch import nn

from robustpath.models.spiking.cells import Cell
from robustpath.models.spiking.layers import Rate, spiking

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 125)  # activations of several time steps


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Layers of the widths `hidden`: reset by subtraction, surrogate gradient of the arctangent."""
    return spiking(shape, classes, hidden, Cell(), Rate())
