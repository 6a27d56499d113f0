"""Double well with occupancy: two values for each hidden unit, and neither of them for nearly all examples."""

import torch
from torch import Tensor

from robustpath.methods.activations import STRENGTH, Units, odds, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.shortcuts.double_well import wells

LEAST_ON, MOST_ON = 0.02, 0.5  # the share of examples that a unit is on for


def occupancy(shares: Tensor) -> Tensor:
    """The sum over units of how far the `shares` [m] of examples that they are on for lie outside of the bounds.

    It is the square of the distance from the nearer bound, in parts of the room between that bound and its end: 0 from
    LEAST_ON to MOST_ON, 1 for a unit that is never on and for one that always is.
    """
    below, above = (LEAST_ON - shares) / LEAST_ON, (shares - MOST_ON) / (1 - MOST_ON)
    return (below.clamp_min(0).square() + above.clamp_min(0).square()).sum()


def guarded(units: Units) -> Tensor:
    """The double wells and the occupancy of a layer."""
    return wells(units) + occupancy(torch.sigmoid(odds(units)).mean(0))


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def double_well_occupancy(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j (E[w(h_j / s_j)] + o(E[q_j])), the double well and an occupancy (ours).

    q_j = sigmoid(8 (z_j / s_j - 1/2)) tells whether unit j is on, z_j before and h_j after the ReLU. o is 0 where a
    unit is on for 2 to 50 % of the batch and rises to 1 for one that is never or always on: against units that do
    nothing, which the wells allow, and against dense codes. A batch of b examples tells no share below 1 / b. Scales
    and schedule are those of double_well.
    """
    return with_scaled_loss(base, strength, guarded)
