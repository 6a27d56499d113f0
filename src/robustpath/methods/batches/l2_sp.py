"""L2-SP: weight decay towards the parameters that the batch found."""

from torch import Tensor

from robustpath.core.parameters import dot, subtract
from robustpath.methods.anchored import anchored
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(
    search={"strength": log_uniform(1e-2, 30, default=1)}, base=online_sgd, cite="li2018l2sp", off={"strength": 0.0}
)
def l2_sp(base: Method, strength: Tensor) -> Method:
    """Adds (strength / 2) |w - a|² to the loss; a: the parameters before the batch (Li et al. 2018, eq. 2).

    In the paper the anchor is one pretrained model and a new last layer is pulled towards zero; here the last layer is
    as old as the others, so it is pulled towards the anchor too.
    """

    def penalty(params, anchor, batch, context):
        move = subtract(params, anchor)
        return strength / 2 * dot(move, move)

    return anchored(base, penalty)
