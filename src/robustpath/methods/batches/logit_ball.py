"""Logit ball: logits on replayed inputs stay near those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import logit_l2
from robustpath.methods.holding import SLOW, hold, of_logits
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.03, 100.0, default=1.0)}, base=online_sgd, off={"weight": 0.0})
def logit_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the mean squared difference of the logits."""
    return hold(base, of_logits(logit_l2), penalty(weight), SLOW)
