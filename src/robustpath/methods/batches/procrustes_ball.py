"""Procrustes ball: features of replayed inputs stay near those of a slow anchor, but may be turned as a whole."""

from torch import Tensor

from robustpath.methods.alignment import procrustes
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(
    search={"weight": log_uniform(0.03, 300.0, default=3.0)},
    base=online_sgd,
    cite="williams2021shape",
    off={"weight": 0.0},
)
def procrustes_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the features' Procrustes distance (Williams et al. 2021), squared and in
    units of the anchor's features."""
    return hold(base, of_features(procrustes), penalty(weight), SLOW)
