"""Contour cool-down: the base method, then a walk to flatter points of the level set that it has reached."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, grad, log_uniform, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.flat_warmup import SEARCH
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE, Place, steepening, walk

# The loss is convex around a minimum, so the walk stays at the upper end of what it is allowed, and the loss of the
# examples that are not in the probe rises a little more than that of the probe.
TOLERANCE = 0.02


def flattening(radius: Tensor) -> Callable[[Place], Params]:
    """The direction -P (grad L_B(w + radius ĝ_B) - g_B) for the loss L_B of the batch and its gradient g_B.

    P is the projection on the tangents of the probe's level set. Two gradients on the batch.
    """

    def direction(place):
        gradient = grad(place.loss)(place.params, place.batch)
        of_the_batch = place._replace(gradient=gradient, context=place.context.giving(probe=place.batch))
        flatter = tree_map(torch.neg, steepening(of_the_batch, radius))
        return tangent(place.params, place.gradient, flatter)

    return direction


@register(search=SEARCH | {"step_length": log_uniform(1e-3, 2e-2, default=5e-3)}, base=sgd)
def contour_cooldown(base: Method, step_length: Tensor, radius: Tensor) -> Method:
    """The base for three quarters of the budget, then a walk like that of flat_warmup on the level that it has reached.

    The direction is u = -P (grad L_B(w + rho ĝ_B) - g_B) on a fresh batch B at every step. Taken on the probe, which is
    all that holds the level, it fits the probe: in trials the loss of 500 examples left the level by a tenth, with the
    batch by a hundredth. The tolerance is a share of the level even where that is near zero: a fitted network's loss
    falls exponentially with its margins, so that a relative change of the loss is a change of the margins, whatever the
    level. Only below 1e-6 nats would the rounding of single precision decide which steps are taken.
    """
    cooling = walk(flattening(radius), step_length, TOLERANCE).replace(needs={"probe": PROBE})
    return sequence((1 - SHARE, base), (SHARE, cooling))
