"""Fresh start: the control of a walk that forgets where it began, another random start and then the base method."""

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, register, sequence
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.waiting import waiting
from robustpath.methods.walk import SHARE


def redrawn(params: Params, noise: Params) -> Params:
    """The noise, each tensor scaled to the norm that the tensor of `params` has."""
    return tree_map(lambda w, n: n * (w.norm() / n.norm()), params, noise)


@register(search={}, base=sgd)
def fresh_start(base: Method) -> Method:
    """Fresh start: w <- |w| n / |n| for every tensor, n standard normal, then the base method.

    The jump comes first; the rest of the share of the budget that a walk takes is spent without moving, so the descent
    is as long as after a walk. No setting makes it the base method alone.
    """
    return sequence((SHARE, waiting(redrawn)), (1 - SHARE, base))
