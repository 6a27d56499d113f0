"""Double well: each hidden unit is drawn to two values, zero and its own scale."""

from torch import Tensor

from robustpath.methods.activations import STRENGTH, Units, relative, total, with_scaled_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


def well(a: Tensor) -> Tensor:
    """a² (1 - a)² up to 1 and (a - 1)² above: 0 at 0 and at 1, 1/16 between them at 1/2.

    Above 1 the fourth power would let runs diverge; both parts have the value 0, the slope 0 and the curvature 2 at 1.
    """
    low = a.clamp_max(1.0)
    return (low * (1 - low)).square() + (a - low).square()


def wells(units: Units) -> Tensor:
    """The sum over units of the mean well of h / s."""
    return total(well(relative(units)))


@register(
    search={"strength": STRENGTH},
    base=sgd,
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def double_well(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j E[w(h_j / s_j)], w(a) = a² (1 - a)² to 1 and (a - 1)² above (ours).

    h_j is unit j of the last hidden layer after the ReLU, and s_j its running scale, where its high values lie; the
    scale is not differentiated. Without it, smaller activations and larger weights after them would lower the loss and
    change no prediction. Nothing asks a unit to be on for one feature only: a dense code of zeros and ones costs
    nothing. The loss counts from a fifth of training on, and fully from a half.
    """
    return with_scaled_loss(base, strength, wells)
