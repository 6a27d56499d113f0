"""The proposal to the letter: features on the batch stay in a ball around the model before it, of adaptive radius."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2_relative
from robustpath.methods.holding import hold, of_features
from robustpath.methods.radius import trust
from robustpath.methods.ways import multiplier


@register(
    search={"radius": log_uniform(0.001, 0.3, default=0.01), "doubted": choice(0.02, 0.05, 0.15, default=0.05)},
    base=online_sgd,
    cite="mukhoti2023ldifs",
    networks=("mlp",),
)
def literal_proposal(base: Method, radius: Tensor, doubted: Tensor) -> Method:
    """Ours: the ball of `batch_feature_ball`, the distance that of LDIFS (Mukhoti et al. 2024), of adaptive radius.

    The squared change of the features is in units of the anchor's, so that a radius means the same along a stream. The
    weight follows the distance (`ways.multiplier`), the radius the gain that the next batch confirms (`radius.trust`).
    """
    return hold(base, of_features(l2_relative, on="batch"), multiplier(), controller=trust(radius, doubted))
