"""The parallelogram in the features of a network that was never trained."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_random_features(**numbers: Tensor) -> Acquisition:
    """The parallelogram in principal axes of random features."""
    return by_analogy(numbers, representation="random_features")
