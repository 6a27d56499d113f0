"""Core-set: examples that are far from every labelled one and from each other, by the greedy k-centre."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import choice, register
from robustpath.methods.coordinates import principal
from robustpath.methods.spread import k_centre

PROTOCOLS = ("acquisition",)
REPRESENTATIONS = ("inputs", "random_features", "penultimate")


@register(
    search={"representation": choice(0, 1, 2, default=2), "dimensions": choice(0, 3, 5, 10, 20, default=0)},
    cite="sener2018coreset",
)
def core_set(representation: Tensor, dimensions: Tensor) -> Acquisition:
    """The example furthest from all labelled and chosen ones, one after the other (Sener & Savarese 2018).

    Distances are Euclidean in one of REPRESENTATIONS, in so many of its principal axes, or in all it holds where
    `dimensions` is 0. The default is what the last layer reads, as in JordanAsh/badge, query_strategies/core_set.py at
    commit 6beb219; the other values are those among which the parallelogram is tuned.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        features = view.representations[REPRESENTATIONS[int(representation)]]
        features = principal(features, int(dimensions)) if int(dimensions) else features
        return view.unlabelled[k_centre(features[view.unlabelled], count, features[view.labelled])]

    return acquire
