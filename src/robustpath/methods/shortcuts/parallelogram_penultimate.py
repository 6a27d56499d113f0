"""The parallelogram in what the last layer of the trained model reads."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_penultimate(**numbers: Tensor) -> Acquisition:
    """The parallelogram in principal axes of the penultimate layer, which a shortcut may have bent."""
    return by_analogy(numbers, representation="penultimate")
