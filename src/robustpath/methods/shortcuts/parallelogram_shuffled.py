"""The parallelogram with candidates in a random order: a control of their rank."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy, shuffled
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_shuffled(**numbers: Tensor) -> Acquisition:
    """The parallelogram with a random choice among its candidates."""
    return by_analogy(numbers, rank=shuffled)
