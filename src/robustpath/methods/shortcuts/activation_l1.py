"""L1 on activations: the control that asks for sparse hidden units and not for two values."""

from torch import Tensor

from robustpath.methods.activations import STRENGTH, Units, relative, total, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


def sizes(units: Units) -> Tensor:
    """The sum over units of the mean of h / s."""
    return total(relative(units))


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def activation_l1(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j E[h_j / s_j], the L1 norm of the last hidden layer in parts of its scales.

    The scales s_j are not differentiated, and follow the units that the loss makes smaller. Scales and schedule are
    those of double_well.
    """
    return with_scaled_loss(base, strength, sizes)
