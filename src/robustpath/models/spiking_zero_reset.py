"""The perceptron of spiking units whose potential is zero after a spike."""

from collections.abc import Sequence

from torch import nn

from robustpath.models.spiking.cells import Cell
from robustpath.models.spiking.layers import Rate, spiking

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 125)  # activations of several time steps


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Layers of the widths `hidden`: what a potential has above the threshold is lost at a spike."""
    return spiking(shape, classes, hidden, Cell(to_zero=True), Rate())
