"""The parallelogram of any three labelled examples: a control without classes and history."""

from torch import Tensor

from robustpath.methods import triples
from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_random_triples(**numbers: Tensor) -> Acquisition:
    """Near r0 + (r1 - r2), all three drawn from all labelled examples (triples.at_random)."""
    return by_analogy(numbers, drawn=triples.at_random)
