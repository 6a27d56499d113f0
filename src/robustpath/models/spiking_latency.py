"""The perceptron of spiking units, read out by how early each fires first."""

from collections.abc import Sequence

from torch import nn

from robustpath.models.spiking.cells import Cell
from robustpath.models.spiking.layers import Latency, spiking

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 125)  # activations of several time steps


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Layers of the widths `hidden`; only the first spike of a unit of the last one counts."""
    return spiking(shape, classes, hidden, Cell(), Latency())
