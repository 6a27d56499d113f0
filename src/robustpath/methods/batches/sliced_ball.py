"""Sliced ball: the cloud of features of replayed inputs stays that of a slow anchor, by transport."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import sliced_w2
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(search={"weight": log_uniform(0.03, 300.0, default=3.0)}, base=online_sgd, off={"weight": 0.0})
def sliced_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the features' sliced Wasserstein distance, a mean over layers."""
    return hold(base, of_features(sliced_w2), penalty(weight), SLOW)
