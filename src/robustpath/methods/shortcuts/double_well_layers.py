"""Double well on all hidden layers, not the last alone."""

from torch import Tensor

from robustpath.methods.activations import ALL, STRENGTH, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.shortcuts.double_well import wells


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def double_well_layers(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_lj E[w(h_lj / s_lj)], the double well of every hidden layer l (ours).

    Each layer has scales of its own; wells, scales and schedule are those of double_well.
    """
    return with_scaled_loss(base, strength, wells, ALL)
