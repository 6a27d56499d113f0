"""The parallelogram without uncertainty: the nearest of every target are acquired."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy, in_order
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_in_order(**numbers: Tensor) -> Acquisition:
    """The parallelogram with candidates in the order of their targets, the nearest of each first."""
    return by_analogy(numbers, rank=in_order)
