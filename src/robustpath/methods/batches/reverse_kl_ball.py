"""Reverse-KL ball: predictions on replayed inputs stay near a slow anchor's, by the reverse divergence."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import reverse_kl
from robustpath.methods.holding import SLOW, hold, of_logits
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.3, 300.0, default=10.0)}, base=online_sgd, off={"weight": 0.0})
def reverse_kl_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with KL(P || P_anchor)."""
    return hold(base, of_logits(reverse_kl), penalty(weight), SLOW)
