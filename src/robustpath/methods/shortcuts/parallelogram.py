"""Ours: examples near r0 + (r1 - r2), which may lie in a group that has no label yet."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram(**numbers: Tensor) -> Acquisition:
    """Analogy-guided acquisition (methods/analogy.py): r0 and r1 from majorities, r2 from a minority, by history.

    Distances are in principal axes of the inputs, since the representation of a model that follows a shortcut has lost
    what differs between groups; the most uncertain candidates come first.
    """
    return by_analogy(numbers)
