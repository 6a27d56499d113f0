"""Layers of spiking units: a network of them is an nn.Sequential from examples to logits, as any other."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from robustpath.core.errors import UserError
from robustpath.models.spiking.cells import Cell, potentials, spikes

TIME_STEPS = 8  # steps of every network


class Held(nn.Module):
    """A current that stays the same for some steps: [b, units] -> [b, T, units]. UserError for fewer than one step."""

    def __init__(self, steps: int):
        super().__init__()
        if steps < 1:
            raise UserError(
                f"a spiking network cannot run for {steps} time steps; set TIME_STEPS in "
                "src/robustpath/models/spiking/layers.py to at least 1"
            )
        self.steps = steps

    def forward(self, currents: Tensor) -> Tensor:
        return currents[:, None].expand(-1, self.steps, -1)


class Spiking(nn.Module):
    """A layer of spiking units: currents [b, T, units] -> spikes [b, T, units], each 0 or 1."""

    def __init__(self, cell: Cell):
        super().__init__()
        self.cell = cell

    def forward(self, currents: Tensor) -> Tensor:
        return spikes(self.cell, potentials(self.cell, currents))


class Rate(nn.Module):
    """The share of steps in which each unit fires: spikes [b, T, units] -> [b, units], in [0, 1]."""

    def forward(self, fired: Tensor) -> Tensor:
        return fired.mean(1)


class Latency(nn.Module):
    """How early each unit fires first: spikes [b, T, units] -> [b, units], (T + 1 - step) / T, 0 where it never does.

    This is the share of steps in or before which it has fired, 1 - Π (1 - S) over the steps up to each, whose
    derivative by a spike is 0 where another has come before.
    """

    def forward(self, fired: Tensor) -> Tensor:
        silent, shares = 1.0, []
        for now in fired.unbind(1):
            silent = silent * (1 - now)
            shares.append(silent)
        return 1 - torch.stack(shares, 1).mean(1)


def spiking(
    shape: Sequence[int], classes: int, hidden: Sequence[int], cell: Cell, read_out: nn.Module
) -> nn.Sequential:
    """A perceptron of spiking units for examples [b, *shape], with layers of the widths `hidden`: logits [b, classes].

    The first layer gets the same current W x + b in each of TIME_STEPS steps, the others W S + b of the spikes S of the
    layer before; logits are linear in what `read_out` makes of the last spikes. Spikes of a step reach the next layer
    in the same step. UserError without a hidden layer.
    """
    if not hidden:
        raise UserError("a spiking network needs a hidden layer of spiking units; give at least one width in `hidden`")
    widths = [math.prod(shape), *hidden]
    layers: OrderedDict[str, nn.Module] = OrderedDict(flat=nn.Flatten())
    with torch.device("meta"):
        for number, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
            # Names, since layers under bare numbers are taken for those of a ReLU perceptron (methods/geometry.py),
            # whose units keep their function when they are rescaled.
            layers[f"layer{number}"] = nn.Linear(fan_in, fan_out)
            if number == 1:
                layers["held"] = Held(TIME_STEPS)
            layers[f"spikes{number}"] = Spiking(cell)
        layers["read_out"], layers["head"] = read_out, nn.Linear(widths[-1], classes)
    return nn.Sequential(layers)
