"""The replay ball of a radius that follows the signal-to-noise ratio of the gradient."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import snr
from robustpath.methods.ways import multiplier


@register(search={"radius": log_uniform(0.001, 1.0, default=0.02)}, base=online_sgd, cite="mccandlish2018noise")
def ball_snr(base: Method, radius: Tensor) -> Method:
    """Ours: `ball_multiplier` with the radius r0 s², s from the noise scale (McCandlish et al. 2018)."""
    return hold(base, of_logits(forward_kl), multiplier(), controller=snr(radius))
