"""The replay ball of a radius, held by going back along the segment to its centre."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import line_search


@register(search={"radius": log_uniform(0.001, 0.1, default=0.006)}, base=online_sgd)
def ball_line_search(base: Method, radius: Tensor) -> Method:
    """Ours: KL(P_before || P) <= radius on replayed inputs, P_before the model before the batch.

    The steps are those of the base, then shortened together (`ways.line_search`): other size, same direction."""
    return hold(base, of_logits(forward_kl), line_search(), controller=fixed(radius))
