"""The perceptron of spiking units that excite the other units of their layer.

The mean spike of a layer in the step before is added to the current of each of its units, so that units tend to fire
together. It is a simple form of this study: coupled oscillators (Miyato et al. 2025) are related, and are not built
here.
"""

from collections.abc import Sequence

from torch import nn

from robustpath.models.spiking.cells import Cell
from robustpath.models.spiking.layers import Rate, spiking

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 125)  # activations of several time steps
COUPLING = 0.5  # in units of current: a layer that fires as a whole adds so much to each unit


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Layers of the widths `hidden`; without coupling it computes the same as spiking_mlp, bit for bit."""
    return spiking(shape, classes, hidden, Cell(coupling=COUPLING), Rate())
