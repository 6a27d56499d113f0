"""ALVIN: examples near points between the minority and the majority of a class."""

from functools import partial

from torch import Tensor

from robustpath.methods import triples
from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import between, by_analogy
from robustpath.methods.base import choice, register

PROTOCOLS = ("acquisition",)


@register(
    search={
        "alpha": choice(0.5, 1.0, 2.0, 4.0, default=2.0),
        "neighbours": choice(5, 10, 15, 30, default=15),
        "targets": choice(1, 2, 4, default=4),
    },
    cite="korakakis2024alvin",
)
def alvin(alpha: Tensor, neighbours: Tensor, targets: Tensor) -> Acquisition:
    """Around anchors lambda z_i + (1 - lambda) z_j, lambda ~ Beta(alpha, alpha) (Korakakis et al. 2024).

    i is in the minority of a class and j in its majority, guessed from the history of the model's predictions; z is the
    penultimate layer. The abstract states this. That the `neighbours` of each of `targets` anchors a label are ranked
    by entropy, the rule of minorities.by_history and all ranges are our reading: there is no official program, and the
    paper's values could not be checked.
    """
    numbers = {"dimensions": 0, "pairs": 1, "agreement": 0.0, "targets": targets, "neighbours": neighbours}
    target = partial(between, alpha=float(alpha))
    return by_analogy(numbers, drawn=triples.within_class, target=target, representation="penultimate")
