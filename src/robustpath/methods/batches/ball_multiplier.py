"""The replay ball of a radius, held by a weight that follows the distance from batch to batch."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import multiplier


@register(search={"radius": log_uniform(0.001, 0.1, default=0.006)}, base=online_sgd)
def ball_multiplier(base: Method, radius: Tensor) -> Method:
    """Ours: KL(P_before || P) <= radius on replayed inputs, P_before the model before the batch.

    The weight of a penalty grows or falls by half after a batch (`ways.multiplier`)."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=fixed(radius))
