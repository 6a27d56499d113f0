"""Feature-Fisher ball: last features stay near a slow anchor's where its head would see a change."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import efm
from robustpath.methods.holding import SLOW, hold, of_last_features
from robustpath.methods.ways import penalty


@register(
    search={"weight": log_uniform(0.01, 100.0, default=1.0)},
    base=online_sgd,
    cite="magistri2024efc",
    off={"weight": 0.0},
)
def efm_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with the features' Fisher metric through the head (Magistri et al. 2024)."""
    return hold(base, of_last_features(efm), penalty(weight), SLOW)
