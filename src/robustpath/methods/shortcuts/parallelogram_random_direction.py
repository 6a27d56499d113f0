"""As far from r0 as the parallelogram, in a random direction: a control of leaving the labelled groups."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, astray, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_random_direction(**numbers: Tensor) -> Acquisition:
    """Near r0 + |r1 - r2| u, u a random direction."""
    return by_analogy(numbers, target=astray)
