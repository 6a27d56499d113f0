"""The parallelogram with distances that the spread within classes scales."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_mahalanobis(**numbers: Tensor) -> Acquisition:
    """The parallelogram in the Mahalanobis metric within classes (Ledoit & Wolf 2004)."""
    return by_analogy(numbers, whitened=True)
