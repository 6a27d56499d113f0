"""The parallelogram with the wrong sign: a control that must find less than a random direction."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, backward, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_reversed(**numbers: Tensor) -> Acquisition:
    """Near r0 - (r1 - r2): past r0, away from the group that has no label."""
    return by_analogy(numbers, target=backward)
