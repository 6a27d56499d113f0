"""Flat warm-up: a walk on a level set to where the gradient is small, then the base method."""

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, log_uniform, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE, STEEPNESS, Place, walk

# Steps shorter than those of a random walk: a long one passes the flattest point on its way and climbs on the other
# side, which the level does not forbid.
SEARCH = {"step_length": log_uniform(3e-3, 3e-2, default=1e-2)}


def flattening(place: Place) -> Params:
    """The direction -P H ĝ, where H ĝ was seen on the probe and P is the projection on the tangents."""
    return tangent(place.params, place.gradient, tree_map(torch.neg, place.seen))


@register(search=SEARCH, base=sgd)
def flat_warmup(base: Method, step_length: Tensor) -> Method:
    """contour_warmup in the direction u = -P H ĝ, normalised, for the Hessian H of the loss: |g| falls at a level loss.

    H ĝ is the gradient of |g| = |grad L|, and exact: the derivative of the gradient along ĝ = g/|g|, so that no Hessian
    is formed. Level-set teleportation takes the opposite direction (Mishkin et al. 2025). As P g = 0, u is also the
    tangential part of a step of SAM of small radius (Foret et al. 2021, eq. 3: g + rho H ĝ to first order in rho). A
    step costs three gradients on the probe, since H ĝ does. No noise enters.
    """
    flat = walk(flattening, step_length, at_end=STEEPNESS).replace(needs={"probe": PROBE})
    return sequence((SHARE, flat), (1 - SHARE, base))
