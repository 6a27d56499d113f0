"""The replay ball of a radius that grows while the next batch confirms what was gained."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import trust
from robustpath.methods.ways import multiplier


@register(
    search={"radius": log_uniform(0.001, 0.1, default=0.006), "doubted": choice(0.02, 0.05, 0.15, default=0.05)},
    base=online_sgd,
)
def ball_trust(base: Method, radius: Tensor, doubted: Tensor) -> Method:
    """Ours: `ball_multiplier` with a radius that follows the gain that the next batch confirms."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=trust(radius, doubted))
