"""The parallelogram with the true attributes: an upper bound of what a guess of the minority can reach."""

from torch import Tensor

from robustpath.methods import triples
from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_oracle(**numbers: Tensor) -> Acquisition:
    """The parallelogram towards the rarest group of a class, with the attributes known (triples.by_attribute)."""
    return by_analogy(numbers, drawn=triples.by_attribute)
