"""The replay ball of a radius that spends a budget of drift."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import budget
from robustpath.methods.ways import multiplier


@register(
    search={"radius": log_uniform(0.001, 1.0, default=0.02), "gamma": choice(-1.0, 1.0, default=1.0)}, base=online_sgd
)
def ball_budget(base: Method, radius: Tensor, gamma: Tensor) -> Method:
    """Ours: `ball_multiplier` with the factors of `ball_surprise_snr`, on radii whose sum is bounded."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=budget(radius, gamma))
