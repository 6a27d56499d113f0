"""The twin of the batch feature ball that has its size and not its direction."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2_relative
from robustpath.methods.holding import hold, of_features
from robustpath.methods.radius import fixed
from robustpath.methods.ways import line_search


@register(search={"radius": log_uniform(0.001, 0.3, default=0.01)}, base=online_sgd, networks=("mlp",))
def batch_feature_line_search(base: Method, radius: Tensor) -> Method:
    """Ours: the steps of the base, then back along their segment until the features of the batch are in the ball."""
    return hold(base, of_features(l2_relative, on="batch"), line_search(), controller=fixed(radius))
