"""BALD: examples on which passes with dropout are sure and contradict each other."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import register
from robustpath.methods.uncertainty import mutual_information

PROTOCOLS = ("acquisition",)
NEEDS = ("sampled",)


@register(search={}, cite="houlsby2011bald")
def bald() -> Acquisition:
    """The largest H[E p] - E H[p], what the label tells about the weights (Houlsby et al. 2011).

    E is the mean over passes with dropout, which stand for draws of the weights (Gal et al. 2017).
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        return highest(mutual_information(view.sampled[:, view.unlabelled]), view.unlabelled, count)

    return acquire
