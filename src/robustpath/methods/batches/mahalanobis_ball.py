"""Mahalanobis ball: features stay near a slow anchor's, each direction in units of its spread."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import mahalanobis
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.01, 10.0, default=0.3)}, base=online_sgd, off={"weight": 0.0})
def mahalanobis_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the features' Mahalanobis distance, a mean over layers."""
    return hold(base, of_features(mahalanobis), penalty(weight), SLOW)
