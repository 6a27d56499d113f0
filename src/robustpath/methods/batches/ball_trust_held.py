"""The replay ball of a radius that grows while a held part of the memory confirms what was gained."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.held_slice import given_radius, judged, outside
from robustpath.methods.holding import hold
from robustpath.methods.ways import multiplier


@register(
    search={"radius": log_uniform(0.001, 0.1, default=0.006), "doubted": choice(0.02, 0.05, 0.25, default=0.05)},
    base=online_sgd,
)
def ball_trust_held(base: Method, radius: Tensor, doubted: Tensor) -> Method:
    """Ours: `ball_multiplier` with a radius that follows the gain that a fifth of the memory, held out, confirms.

    A batch that raises the loss of that part is rejected. `ball_trust` asks the next batch instead. While the first
    batch stays, the memory is that batch, and two of its own examples judge it.
    """
    return judged(hold(base, outside(), multiplier(), controller=given_radius(radius)), radius, doubted)
