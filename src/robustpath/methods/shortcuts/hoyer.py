"""Hoyer: the control that asks each example for few hidden units, at any size of them."""

from torch import Tensor

from robustpath.methods.activations import STRENGTH, hidden, with_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd

SMALL = 1e-12  # the least sum of squares that is divided by: an example that turns no unit on has the loss 0


def participation(values: Tensor) -> Tensor:
    """|h|_1² / |h|_2² of each example, from 1 (one unit) to m (all m alike): `values` h [b, m] -> [b]."""
    return values.sum(1).square() / values.square().sum(1).clamp_min(SMALL)


@register(
    search={"strength": STRENGTH},
    base=sgd,
    cite="yang2020deephoyer",
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def hoyer(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength E[|h|_1² / |h|_2²], the Hoyer-Square of Yang et al. 2020 on activations.

    There it is a regulariser of weights; h is the last hidden layer after the ReLU here. It counts the units that are
    on, from 1 to all, weighted by their sizes, and does not see a common factor. Sizes within a unit may stay graded.
    The schedule is that of double_well.
    """

    def penalty(outputs, batch):
        _, after = hidden(outputs)[-1]
        return participation(after).mean()

    return with_loss(base, strength, penalty)
