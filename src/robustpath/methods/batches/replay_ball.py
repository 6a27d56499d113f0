"""Replay ball: predictions on replayed inputs stay near those before the batch."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.1, 100.0, default=3.0)}, base=online_sgd, off={"weight": 0.0})
def replay_ball(base: Method, weight: Tensor) -> Method:
    """Ours: loss + weight KL(P_before || P) on 20 replayed inputs, P_before the model as the batch arrived."""
    return hold(base, of_logits(forward_kl), penalty(weight))
