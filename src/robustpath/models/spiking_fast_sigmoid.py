"""The perceptron of spiking units with another surrogate gradient, that of the fast sigmoid."""

from collections.abc import Sequence

from torch import nn

from robustpath.models.spiking.cells import Cell, fast_sigmoid
from robustpath.models.spiking.layers import Rate, spiking

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 125)  # activations of several time steps


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Layers of the widths `hidden`; predictions are those of spiking_mlp, bit for bit, and gradients are not."""
    return spiking(shape, classes, hidden, Cell(surrogate=fast_sigmoid), Rate())
