"""Restarts: the control of contour_population, random starts in place of walks, and the same choice among them."""

from robustpath.methods.base import Method, register, sequence
from robustpath.methods.candidates import best_of
from robustpath.methods.minima.fresh_start import redrawn
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.waiting import waiting
from robustpath.methods.walk import SHARE


@register(search={}, base=sgd)
def restarts(base: Method) -> Method:
    """Four random starts, w <- |w| n / |n| for every tensor; the base descends from the one with the best score.

    n is standard normal, so that a start is that of fresh_start.
    The score is that of contour_population (`best_of`), and a step costs the same: the starts stay where they are, so
    the steps after the first only average the score over more noise.
    """
    return sequence((SHARE, best_of(waiting(redrawn))), (1 - SHARE, base))
