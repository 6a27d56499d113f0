"""The parallelogram with one difference for each class: of the means of its majority and its minority."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy, of_means
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_mean(**numbers: Tensor) -> Acquisition:
    """The parallelogram with r1 - r2 the difference of two means instead of random pairs."""
    return by_analogy(numbers, move=of_means)
