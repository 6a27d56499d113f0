"""Cosine ball: directions of the features of replayed inputs stay near those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import cosine
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.1, 1000.0, default=30.0)}, base=online_sgd, off={"weight": 0.0})
def cosine_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with 1 - cos of the features, a mean over layers."""
    return hold(base, of_features(cosine), penalty(weight), SLOW)
