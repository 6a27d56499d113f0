"""Persistent midway walk: a walk with a heading on the level set that a descent has reached, then the rest of it."""

from torch import Tensor

from robustpath.methods.base import Method, register
from robustpath.methods.midway import MIDWAY, midway
from robustpath.methods.minima.persistent_warmup import SEARCH, persistent
from robustpath.methods.minima.sgd import sgd


@register(search=MIDWAY | SEARCH, base=sgd)
def persistent_midway_walk(
    base: Method, step_length: Tensor, descended: Tensor, share: Tensor, persistence: Tensor, repulsion: Tensor
) -> Method:
    """persistent_warmup's walk after the share `descended` of the descent (`midway`), for `share` of the budget.

    It keeps its heading and moves away from where the walk began.
    """
    return midway(base, persistent(persistence, repulsion), descended, share, step_length)
