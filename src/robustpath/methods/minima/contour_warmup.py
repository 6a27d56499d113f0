"""Contour-parallel warm-up: a random walk on a level set of the loss, then the base method."""

from torch import Tensor

from robustpath.methods.base import Method, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE, STEP_LENGTH, walk


def random_tangent(place):
    """The noise, projected."""
    return tangent(place.params, place.gradient, place.context.given["noise"])


@register(search=STEP_LENGTH, base=sgd)
def contour_warmup(base: Method, step_length: Tensor) -> Method:
    """Contour-parallel warm-up: w <- w + d |w| u - ((L - c)/|g|²) g on the sphere |w| = |w_0|, then the base method.

    For the first quarter of the budget. c = L(w_0) is the loss of a fixed set of probe examples and g its gradient; u
    is standard normal noise projected orthogonally to g, to w and to the rescaling of every ReLU unit (`tangent`), then
    normalised; d <= step_length adapts (`walk`). A tangent step with this correction is that of level-set teleportation
    (Mishkin et al. 2025), which takes u = P Hg once in a while to speed up descent, as symmetry teleportation does on
    the orbits of a group (Zhao et al. 2022); here u is random and the steps are a phase that comes before descent.
    No setting makes it the base method alone, since the walk always takes its share of the budget.
    """
    return sequence((SHARE, walk(random_tangent, step_length)), (1 - SHARE, base))
