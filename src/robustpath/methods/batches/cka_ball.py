"""CKA ball: the similarities of replayed inputs stay those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import cka
from robustpath.methods.holding import SLOW, hold, of_features
from robustpath.methods.ways import penalty


@register(
    search={"weight": log_uniform(1.0, 1000.0, default=30.0)},
    base=online_sgd,
    cite="kornblith2019cka",
    off={"weight": 0.0},
)
def cka_ball(base: Method, weight: Tensor) -> Method:
    """Ours: `slow_ball` at the age 0.9 with 1 - CKA of the features (Kornblith et al. 2019)."""
    return hold(base, of_features(cka), penalty(weight), SLOW)
