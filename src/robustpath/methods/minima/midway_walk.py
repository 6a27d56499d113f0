"""Midway walk: a random walk on the level set that a descent has reached, then the rest of the descent."""

from torch import Tensor

from robustpath.methods.base import Method, register
from robustpath.methods.midway import MIDWAY, midway
from robustpath.methods.minima.contour_warmup import random_tangent
from robustpath.methods.minima.sgd import sgd


@register(search=MIDWAY, base=sgd)
def midway_walk(base: Method, step_length: Tensor, descended: Tensor, share: Tensor) -> Method:
    """contour_warmup's walk after the share `descended` of the descent (`midway`), for `share` of the budget.

    At 0 it is a warm-up. The direction is normal noise, projected on the tangents of the level set.
    """
    return midway(base, random_tangent, descended, share, step_length)
