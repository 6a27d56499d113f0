"""The leaky integrate-and-fire unit in discrete time.

A unit has a membrane potential U, which starts at 0. In step t = 1, 2, … a current I_t comes in, and

    U_t = leak U_{t-1} + I_t - threshold S_{t-1}    (reset by subtraction)
    U_t = leak U_{t-1} (1 - S_{t-1}) + I_t          (reset to zero)
    S_t = 1 if U_t > threshold, else 0.

The reset comes one step after the spike and no gradient passes through it, as in snnTorch by default (Eshraghian et al.
2023; `Leaky` of jeshraghian/snntorch at 634fc22). A spike has no useful derivative by U; descent uses that of a smooth
function instead, a surrogate (Neftci et al. 2019).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError

ALPHA = 2.0  # of the surrogate atan; both are snnTorch's defaults
SLOPE = 25.0  # of the surrogate fast_sigmoid


def atan(excess: Tensor) -> Tensor:
    """arctan(pi/2 alpha x) / pi, with the derivative (alpha / 2) / (1 + (pi/2 alpha x)^2) (Fang et al. 2021)."""
    return torch.atan(math.pi / 2 * ALPHA * excess) / math.pi


def fast_sigmoid(excess: Tensor) -> Tensor:
    """x / (1 + k |x|), with the derivative 1 / (1 + k |x|)^2 (Zenke & Ganguli 2018)."""
    return excess / (1 + SLOPE * excess.abs())


class Cell(NamedTuple):
    """A kind of unit.

    leak: the share of the potential that is left after a step, in [0, 1). threshold: above it a unit fires. to_zero:
    whether a spike resets the potential to zero, else the threshold is subtracted. surrogate: the smooth function of
    U - threshold whose derivative stands for that of a spike. coupling: how much of the mean spike of its layer in the
    step before is added to the current of every unit.
    """

    leak: float = 0.9
    threshold: float = 1.0
    to_zero: bool = False
    surrogate: Callable[[Tensor], Tensor] = atan
    coupling: float = 0.0


def spikes(cell: Cell, potentials: Tensor) -> Tensor:
    """1 where a potential is above the threshold, else 0, with the derivative of the surrogate."""
    smooth = cell.surrogate(potentials - cell.threshold)
    # Added is an exact 0, so that spikes are exactly 0 or 1.
    return (potentials > cell.threshold).to(potentials.dtype) + (smooth - smooth.detach())


def potentials(cell: Cell, currents: Tensor) -> Tensor:
    """The membrane potentials of a layer in every step [..., T, units], from its currents [..., T, units].

    UserError where there is no step.
    """
    if not currents.shape[-2]:
        raise UserError(
            "a spiking unit got currents of 0 time steps; give it at least 1 (TIME_STEPS in "
            "src/robustpath/models/spiking/layers.py)"
        )
    found: list[Tensor] = []
    for current in currents.unbind(-2):
        if not found:
            found.append(current)
            continue
        before = found[-1]
        fired = (before > cell.threshold).to(before.dtype)
        if cell.coupling:
            current = current + cell.coupling * spikes(cell, before).mean(-1, keepdim=True)
        if cell.to_zero:
            now = torch.add(current, before * (1 - fired), alpha=cell.leak)
        else:
            now = torch.sub(torch.add(current, before, alpha=cell.leak), fired, alpha=cell.threshold)
        found.append(now)
    return torch.stack(found, -2)
