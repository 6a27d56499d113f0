"""The replay ball of a radius, held by dual ascent within the steps on a batch."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import dual


@register(
    search={"radius": log_uniform(0.001, 0.1, default=0.006), "ascent": log_uniform(0.001, 0.02, default=0.01)},
    base=online_sgd,
)
def ball_dual(base: Method, radius: Tensor, ascent: Tensor) -> Method:
    """Ours: KL(P_before || P) <= radius on replayed inputs, P_before the model before the batch.

    The weight of a penalty follows the distance in every step (`ways.dual`)."""
    return hold(base, of_logits(forward_kl), dual(ascent), controller=fixed(radius))
