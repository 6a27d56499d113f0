"""The parallelogram with diverse candidates instead of uncertain ones."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy, far_apart
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_far_apart(**numbers: Tensor) -> Acquisition:
    """The parallelogram with candidates by greedy k-centre, far from labelled examples and each other."""
    return by_analogy(numbers, rank=far_apart)
