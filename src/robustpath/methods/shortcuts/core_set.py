"""Core-set: examples that are far from every labelled one and from each other, by the greedy k-centre."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import choice, register
from robustpath.methods.spread import k_centre

PROTOCOLS = ("acquisition",)
REPRESENTATIONS = ("inputs", "random_features", "penultimate")


@register(search={"representation": choice(0, 1, 2, default=2)}, cite="sener2018coreset")
def core_set(representation: Tensor) -> Acquisition:
    """The example furthest from all labelled and chosen ones, one after the other (Sener & Savarese 2018).

    Distances are Euclidean in one of REPRESENTATIONS, at the default between what the last layer reads, as in
    JordanAsh/badge, query_strategies/core_set.py at commit 6beb219.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        features = view.representations[REPRESENTATIONS[int(representation)]]
        return view.unlabelled[k_centre(features[view.unlabelled], count, features[view.labelled])]

    return acquire
