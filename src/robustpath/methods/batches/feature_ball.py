"""Feature ball: features of replayed inputs stay near those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2_relative
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.03, 30.0, default=1.0)}, base=online_sgd, off={"weight": 0.0})
def feature_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with mean |h - h_anchor|² / mean |h_anchor|², a mean over layers."""
    return hold(base, of_features(l2_relative), penalty(weight), SLOW)
