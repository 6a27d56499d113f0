"""The parallelogram's ablation that interpolates inside a class: ALVIN's anchors, all else ours."""

from functools import partial

from torch import Tensor

from robustpath.methods import triples
from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, between, by_analogy
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)
ALPHA = 2.0


@register(search=SEARCH, cite="korakakis2024alvin")
def parallelogram_interpolated(**numbers: Tensor) -> Acquisition:
    """Near points between a class's minority and majority (triples.within_class), in principal axes of the inputs."""
    return by_analogy(numbers, drawn=triples.within_class, target=partial(between, alpha=ALPHA))
