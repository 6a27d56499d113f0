"""Examples whose two most probable classes are the closest."""

import torch
from torch import Tensor

from robustpath.methods import uncertainty
from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search={}, cite="scheffer2001active")
def margin() -> Acquisition:
    """The smallest p1 - p2, p1 and p2 the two largest probabilities (Scheffer et al. 2001)."""

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        return highest(uncertainty.margin(view.logits[view.unlabelled]), view.unlabelled, count)

    return acquire
