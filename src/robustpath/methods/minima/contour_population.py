"""Contour population: several walks on the level set, of which one is chosen before the base method."""

from torch import Tensor

from robustpath.methods.base import Method, register, sequence
from robustpath.methods.candidates import best_of
from robustpath.methods.minima.persistent_warmup import SEARCH, persistent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE, walk


@register(search=SEARCH, base=sgd)
def contour_population(base: Method, step_length: Tensor, persistence: Tensor, repulsion: Tensor) -> Method:
    """The walk of persistent_warmup four times from the same start; the base descends from the one with the best score.

    The score is the loss on a hold-out plus the rise of the probe's loss at w + 0.1 |w| n, n normal (`best_of`). Walks
    and scores spend the first quarter of the budget together, so that each walk is shorter than a lone one. The probe's
    loss is level by construction and cannot tell the walks apart; what the score can see is how far the loss of other
    examples has left the level, and how steep and curved the loss is around a walk's end. It cannot see how far down a
    descent from there will lead.
    """
    return sequence((SHARE, best_of(walk(persistent(persistence, repulsion), step_length))), (1 - SHARE, base))
