"""Activation entropy: each hidden unit is to be surely on or surely off."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from robustpath.methods.activations import STRENGTH, Units, odds, total, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


def binary_entropy(u: Tensor) -> Tensor:
    """-q ln q - (1 - q) ln(1 - q) in nats for q = sigmoid(u)."""
    return softplus(u) - u * torch.sigmoid(u)


def entropies(units: Units) -> Tensor:
    """The sum over units of the mean entropy of being on."""
    return total(binary_entropy(odds(units)))


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def activation_entropy(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j E[H(q_j)], q_j = sigmoid(8 (z_j / s_j - 1/2)) (ours).

    H is the entropy of a binary variable in nats, z_j is unit j of the last hidden layer before the ReLU and s_j its
    running scale. It vanishes where a unit is always on or always off too. Scales and schedule are those of
    double_well.
    """
    return with_scaled_loss(base, strength, entropies)
