"""A leaky integrate-and-fire unit at a constant current: when it fires first, and how often in the long run.

The unit of the spiking networks (robustpath.models.spiking.cells) with leak 0.9 and threshold 1 runs for some steps at
currents I from below the least one that makes it fire, threshold (1 - leak) = 0.1, to one that makes it fire in every
step. Both resets are run; what is expected is derived here, with b for the leak and the threshold as the unit of U.

First spike. Before it, U_t = I (1 - b^t) / (1 - b), which is above 1 from the first step t on for which
b^t < 1 - (1 - b) / I: never where I <= 1 - b, else in step ln(1 - (1 - b) / I) / ln b, rounded up (one later where this
is a whole number, for then U is 1 and not above it).

Reset to zero. After a spike U begins anew, so that the unit fires in every multiple of its first step.

Reset by subtraction. U -> b U + I - S turns a circle of length 1 and contracts it. Whoever has fired at the rate r for
ever, as evenly as can be, has U = I / (1 - b) - sum over k >= 1 of b^(k - 1) S_{-k} at a spike. It is least where the
spikes before came as late as they can: ceil((k + 1) r) - 1 of them in the last k steps. It is above 1 as long as

    I > (1 - b) (1 + (1 - b) sum over k >= 1 of b^(k - 1) (ceil((k + 1) r) - 1)),

which grows with r: the rate is the largest r up to 1 for which this holds. (At a current for which both sides are equal
a rate ends, and the start decides; none of those here is one.)
"""

import math
from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import torch
from torch import Tensor

from robustpath.models.spiking.cells import Cell, potentials, spikes
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "known_neurons"
DERIVED = "closed form, robustpath.theory.known_neurons"
CURRENTS = (0.05, 0.1, 0.1001, 0.12, 0.2, 0.5, 0.8, 1.2)
BY_SUBTRACTION, TO_ZERO = "reset by subtraction", "reset to zero"
CELLS = {BY_SUBTRACTION: Cell(), TO_ZERO: Cell(to_zero=True)}
TERMS = 1000  # of the series; 0.9^1000 is 1e-46


def ever_fires(cell: Cell, current: float) -> bool:
    """Whether a constant current is above threshold (1 - leak), in the decimals in which the three are written: 0.1 is
    not above 1 - 0.9, as it is in binary."""
    leak, threshold, given = (Decimal(str(value)) for value in (cell.leak, cell.threshold, current))
    return given > threshold * (1 - leak)


def first_spike(cell: Cell, current: float) -> float:
    """The step of the first spike at a constant current, infinity where there is none."""
    if not ever_fires(cell, current):
        return math.inf
    steps = math.log1p(-cell.threshold * (1 - cell.leak) / current) / math.log(cell.leak)
    return math.floor(steps + 1e-9) + 1.0  # a whole number but for rounding counts as that number


def rate_to_zero(cell: Cell, current: float) -> float:
    """Spikes a step in the long run with a reset to zero."""
    return 1 / first_spike(cell, current)


def rate_by_subtraction(cell: Cell, current: float) -> float:
    """Spikes a step in the long run with a reset by subtraction, by bisection."""
    steps = torch.arange(1, TERMS + 1, dtype=torch.float64)
    weights = (1 - cell.leak) * cell.leak ** (steps - 1)

    def reached(rate: float) -> bool:
        before = ((steps + 1) * rate).ceil() - 1
        return current / cell.threshold > (1 - cell.leak) * (1 + (weights * before).sum().item())

    if not ever_fires(cell, current):
        return 0.0
    if reached(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(53):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) else (low, middle)
    return low


def measured_rate(fired: Tensor) -> float:
    """Spikes a step of a train [T] of zeros and ones that has come to repeat itself: the share in one period, which is
    the shortest one of its second half. NaN where that half shows no period twice."""
    late = fired[len(fired) // 2 :]
    for period in range(1, len(late) // 2 + 1):
        if torch.equal(late[period:], late[:-period]):
            return late[:period].double().mean().item()
    return math.nan


def of_train(place: str, fired: Tensor, first: float, rate: float) -> Sequence[Row]:
    """What is measured of a train of spikes [T] beside what is expected of it."""
    steps = fired.nonzero()
    measured = steps[0].item() + 1.0 if len(steps) else math.inf
    return (
        Row(place, "step of the first spike", measured, first, DERIVED),
        Row(place, "spikes a step in the long run", measured_rate(fired), rate, DERIVED),
    )


def run(settings: dict) -> pd.DataFrame:
    """First spikes and rates of every current and reset, measured and derived.

    settings: steps, of which the first half is given to settle down.
    """
    rates = {BY_SUBTRACTION: rate_by_subtraction, TO_ZERO: rate_to_zero}
    rows: list[Row] = []
    for reset, cell in CELLS.items():
        currents = torch.tensor(CURRENTS, dtype=torch.float64).expand(settings["steps"], -1)
        trains = spikes(cell, potentials(cell, currents)).T
        for current, fired in zip(CURRENTS, trains, strict=True):
            rows += of_train(
                f"current {current:g}, {reset}", fired, first_spike(cell, current), rates[reset](cell, current)
            )
    return table.frame(CASE, rows)
