"""The parallelogram without a history: its short side is drawn by distances."""

from torch import Tensor

from robustpath.methods import triples
from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_neighbour(**numbers: Tensor) -> Acquisition:
    """The parallelogram with r2 near r0 and r1 far from r2, both of another class (triples.by_neighbour)."""
    return by_analogy(numbers, drawn=triples.by_neighbour)
