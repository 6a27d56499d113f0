"""Level-set teleportation: walk to where the gradient is larger at the same loss, then the base method."""

from torch import Tensor

from robustpath.methods.base import Method, Params, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.flat_warmup import SEARCH
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE, STEEPNESS, Place, walk


def uphill(place: Place) -> Params:
    """The direction P H ĝ, where H ĝ was seen on the probe and P is the projection on the tangents."""
    return tangent(place.params, place.gradient, place.seen)


@register(search=SEARCH, base=sgd, cite="mishkin2025levelset")
def level_teleportation(base: Method, step_length: Tensor) -> Method:
    """Level-set teleportation: w <- w + d |w| u - ((L - c)/|g|²) g with u = P Hg / |P Hg|, then the base method.

    For the first quarter of the budget. The direction, with the exact product of the Hessian H and the gradient g, and
    the correction are those of Mishkin et al. 2025, who maximise |g| subject to L = c = L(w_0) by a linearisation of
    both at every step, w + rho Hg/|g|² projected back on the linearised level set. What differs: they choose rho by
    backtracking on the merit log |g| - gamma |L - c|, stop where P Hg vanishes and teleport now and then; here the
    length d <= step_length is that of our walks (`walk`), so the step halves where the loss leaves its tolerance, not
    where |g| falls, and |w| = |w_0| and no unit is rescaled (`tangent`). It differs from flat_warmup in nothing but the
    sign of u. No setting makes it the base method alone, since the walk always takes its share of the budget.
    """
    steep = walk(uphill, step_length, at_end=STEEPNESS).replace(needs={"probe": PROBE})
    return sequence((SHARE, steep), (1 - SHARE, base))
