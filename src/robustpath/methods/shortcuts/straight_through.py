"""Straight-through: training sees hidden units of two values, and their gradient passes as if they were graded."""

from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from robustpath.methods.activations import LEAST, STRENGTH, Units, relative, with_scales
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd

ROUNDED = 0.1  # the strength from which on units have two values


def rounded(units: Units, share: Tensor) -> Tensor:
    """h + share (s 1[h > s / 2] - h) [b, m], with the gradient of h."""
    two = units.scale.clamp_min(LEAST) * (relative(units) > 0.5)
    return units.after + share * (two - units.after).detach()


@register(
    search={"strength": STRENGTH},
    base=sgd,
    cite="bengio2013estimating",
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def straight_through(base: Method, strength: Tensor) -> Method:
    """The base's step on the cross-entropy of h + r (s 1[h > s / 2] - h), its gradient by h the identity.

    h is the last hidden layer after the ReLU, s its running scale, and the estimator that of Bengio et al. 2013. The
    share r = min(1, strength / 0.1) rises as the other losses on activations do (double_well), so that the strengths of
    a grid mean something for it too. Only training rounds: what is evaluated is the plain network with graded units, as
    for all methods here, and it is another function than the one whose loss was descended.
    """

    def objective(factor, params, outputs, labels, layers):
        *_, weight, bias = params.values()
        (units,) = layers
        return cross_entropy(linear(rounded(units, (factor / ROUNDED).clamp_max(1.0)), weight, bias), labels)

    return with_scales(base, strength, objective)
