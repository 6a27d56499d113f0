"""The replay ball of a radius that shrinks by a power of the number of batches."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import decay
from robustpath.methods.ways import multiplier


@register(
    search={
        "radius": log_uniform(0.001, 0.1, default=0.006),
        "horizon": log_uniform(5.0, 200.0, default=50.0),
        "power": choice(0.5, 1.0, default=0.5),
    },
    base=online_sgd,
)
def ball_decay(base: Method, radius: Tensor, horizon: Tensor, power: Tensor) -> Method:
    """Ours: `ball_multiplier` with the radius r0 (1 + t / horizon)^-power on batch t."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=decay(radius, horizon, power))
