"""Examples of the highest entropy of the predicted probabilities."""

import torch
from torch import Tensor

from robustpath.methods import uncertainty
from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search={}, cite="settles2009survey")
def entropy() -> Acquisition:
    """The largest -sum p ln p (Settles 2009)."""

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        return highest(uncertainty.entropy(view.logits[view.unlabelled]), view.unlabelled, count)

    return acquire
