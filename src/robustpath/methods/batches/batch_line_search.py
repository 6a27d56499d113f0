"""The twin of the batch ball that has its size and not its direction."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import line_search


@register(search={"radius": log_uniform(0.001, 0.3, default=0.03)}, base=online_sgd)
def batch_line_search(base: Method, radius: Tensor) -> Method:
    """Ours: the steps of the base, then back along their segment until KL(P_before || P) <= radius on the batch."""
    return hold(base, of_logits(forward_kl, on="batch"), line_search(), controller=fixed(radius))
