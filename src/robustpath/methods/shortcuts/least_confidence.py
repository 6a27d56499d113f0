"""Examples whose most probable class is the least probable."""

import torch
from torch import Tensor

from robustpath.methods import uncertainty
from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search={}, cite="culotta2005reducing")
def least_confidence() -> Acquisition:
    """The largest 1 - p1, p1 the largest probability (Culotta & McCallum 2005)."""

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        return highest(uncertainty.least_confidence(view.logits[view.unlabelled]), view.unlabelled, count)

    return acquire
