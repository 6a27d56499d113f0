"""Neighbour ball: the neighbours of replayed inputs stay those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import neighbours
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.01, 100.0, default=1.0)}, base=online_sgd, off={"weight": 0.0})
def neighbour_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the divergence of the features' soft neighbours, a mean over layers."""
    return hold(base, of_features(neighbours), penalty(weight), SLOW)
