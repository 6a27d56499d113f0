"""Activation sigmoid: the variance of each hidden unit's being on is to vanish."""

import torch
from torch import Tensor

from robustpath.methods.activations import STRENGTH, Units, odds, total, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


def variances(units: Units) -> Tensor:
    """The sum over units of the mean of q (1 - q)."""
    q = torch.sigmoid(odds(units))
    return total(q * (1 - q))


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def activation_sigmoid(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j E[q_j (1 - q_j)], q_j = sigmoid(8 (z_j / s_j - 1/2)) (ours).

    z_j is unit j of the last hidden layer before the ReLU and s_j its running scale. It vanishes where a unit is always
    on or always off too. Scales and schedule are those of double_well.
    """
    return with_scaled_loss(base, strength, variances)
