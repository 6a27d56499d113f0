"""The replay ball of a radius that follows how surprising a batch is."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import surprise
from robustpath.methods.ways import multiplier


@register(
    search={"radius": log_uniform(0.001, 0.1, default=0.006), "gamma": choice(-1.0, 1.0, default=1.0)}, base=online_sgd
)
def ball_surprise(base: Method, radius: Tensor, gamma: Tensor) -> Method:
    """Ours: `ball_multiplier` with the radius r0 (L / mean L)^gamma, L the loss on arrival."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=surprise(radius, gamma))
