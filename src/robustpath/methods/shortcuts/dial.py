"""DIAL: examples whose predictions change most in the course of training."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)
NEEDS = ("earlier",)


@register(search={})
def dial() -> Acquisition:
    """Slow training dynamics first (Domain-Invariant Active Learning, openreview.net/forum?id=2XVECaYiFB).

    As in the authors' program, where it is the heuristic QBC, the score is the mean over pairs of checkpoints of one
    training of the distance between their predicted probabilities. The program also takes each checkpoint with itself,
    which leaves the order as it is, and knows three distances, of which this is the Euclidean one; which of them, and
    how many checkpoints, the paper has was not to be found: here they are the up to ten moments of a view.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        predicted = view.earlier[:, view.unlabelled].double().softmax(2)
        score = predicted.new_zeros(predicted.shape[1])
        for number, one in enumerate(predicted):
            score = score + (predicted[number + 1 :] - one).square().sum(2).sqrt().sum(0)
        return highest(score, view.unlabelled, count)

    return acquire
