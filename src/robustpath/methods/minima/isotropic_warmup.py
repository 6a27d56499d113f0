"""Isotropic warm-up: the control of contour_warmup, the same walk in directions that are not projected."""

from torch import Tensor

from robustpath.methods.base import Method, register, sequence
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE, STEP_LENGTH, walk


def isotropic(place):
    """The noise as it is drawn."""
    return place.context.given["noise"]


@register(search=STEP_LENGTH, base=sgd)
def isotropic_warmup(base: Method, step_length: Tensor) -> Method:
    """Isotropic warm-up: contour_warmup with the noise itself for direction, its control.

    Probe set, level c and its restoration, adaptive length and the sphere |w| = |w_0| are the same, so the two differ
    in nothing but the projection of the direction.
    """
    return sequence((SHARE, walk(isotropic, step_length)), (1 - SHARE, base))
