"""Contour cool-down: the base method, then a walk to flatter points of the level set that it has reached."""

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, log_uniform, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE, Place, steepness, walk

# The loss is convex around a minimum, so the walk stays at the upper end of what it is allowed, and the loss of the
# examples that are not in the probe rises a little more than that of the probe.
TOLERANCE = 0.02


def flattening(place: Place) -> Params:
    """The direction -P H_B ĝ_B for the gradient g_B and the Hessian H_B of the batch's loss.

    P is the projection on the tangents of the probe's level set.
    """
    _, _, steeper = steepness(place.loss, place.params, place.batch)
    return tangent(place.params, place.gradient, tree_map(torch.neg, steeper))


@register(search={"step_length": log_uniform(1e-3, 2e-2, default=5e-3)}, base=sgd)
def contour_cooldown(base: Method, step_length: Tensor) -> Method:
    """The base for three quarters of the budget, then a walk like that of flat_warmup on the level that it has reached.

    The direction is u = -P H_B ĝ_B on a fresh batch B at every step, with the exact product of its Hessian H_B and its
    normalised gradient ĝ_B. Taken on the probe, which is all that holds the level, it fits the probe: in trials the
    loss of 500 examples left the level by a tenth, with the batch by a hundredth. The tolerance is a share of the level
    even where that is near zero: a fitted network's loss falls exponentially with its margins, so that a relative
    change of the loss is a change of the margins, at every level. Only below 1e-6 nats would the rounding of single
    precision decide which steps are taken.
    """
    cooling = walk(flattening, step_length, TOLERANCE).replace(needs={"probe": PROBE})
    return sequence((1 - SHARE, base), (SHARE, cooling))
