"""Flat warm-up: a walk on a level set to where the gradient is small, then the base method."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, log_uniform, register, sequence
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE, Place, steepening, walk

# Steps shorter than those of a random walk: a long one passes the flattest point on its way and climbs on the other
# side, which the level does not forbid.
SEARCH = {
    "step_length": log_uniform(3e-3, 3e-2, default=1e-2),
    "radius": log_uniform(0.01, 0.5, default=0.05),
}


def flattening(radius: Tensor) -> Callable[[Place], Params]:
    """The direction -P (grad L(w + radius ĝ) - g), for the projection P on the tangents."""

    def direction(place):
        flatter = tree_map(torch.neg, steepening(place, radius))
        return tangent(place.params, place.gradient, flatter)

    return direction


@register(search=SEARCH, base=sgd)
def flat_warmup(base: Method, step_length: Tensor, radius: Tensor) -> Method:
    """contour_warmup in the direction u = -P (grad L(w + rho ĝ) - g), normalised: |g| falls while the loss is level.

    To first order the difference is rho H ĝ, and H ĝ is the gradient of |g| = |grad L|. Level-set teleportation takes
    the opposite direction (Mishkin et al. 2025). As P g = 0, u is also the tangential part of a step of SAM (Foret et
    al. 2021, eq. 3), so that no Hessian is formed; a step costs two gradients on the probe. No noise enters.
    """
    return sequence((SHARE, walk(flattening(radius), step_length).replace(needs={"probe": PROBE})), (1 - SHARE, base))
