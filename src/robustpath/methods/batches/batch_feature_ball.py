"""Batch feature ball: features of the batch stay near those before it."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2_relative
from robustpath.methods.holding import hold, of_features
from robustpath.methods.ways import penalty


@register(
    search={"weight": log_uniform(0.01, 30.0, default=1.0)}, base=online_sgd, off={"weight": 0.0}, networks=("mlp",)
)
def batch_feature_ball(base: Method, weight: Tensor) -> Method:
    """Ours: loss + weight mean |h - h_before|² / mean |h_before|² on the batch, a mean over layers."""
    return hold(base, of_features(l2_relative, on="batch"), penalty(weight))
