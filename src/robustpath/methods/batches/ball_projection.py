"""The replay ball of a radius, held by projecting back onto it."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import projection


@register(search={"radius": log_uniform(0.001, 0.1, default=0.006)}, base=online_sgd)
def ball_projection(base: Method, radius: Tensor) -> Method:
    """Ours: KL(P_before || P) <= radius on replayed inputs, P_before the model before the batch.

    The steps are those of the base, then Newton's lead back to the ball (`ways.projection`)."""
    return hold(base, of_logits(forward_kl), projection(), controller=fixed(radius))
