"""Four multilayer perceptrons side by side: the probability of a class is the mean of their four."""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from robustpath.models.mlp import mlp

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (4, 0)
COUNT = 4


class Members(nn.ModuleList):
    """The logits of every member: [b, …] -> [b, members, classes]."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.stack([member(inputs) for member in self], 1)


class Mean(nn.Module):
    """The logarithm of the mean probability of members' logits [b, members, classes]: [b, classes]."""

    def forward(self, logits: Tensor) -> Tensor:
        return logits.log_softmax(2).logsumexp(1) - math.log(logits.shape[1])


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Four perceptrons with layers of the widths `hidden`, each with initial parameters of its own; the mean is that
    of Lakshminarayanan et al. 2017, algorithm 1."""
    members = Members(mlp(math.prod(shape), hidden, classes) for _ in range(COUNT))
    return nn.Sequential(OrderedDict(members=members, mean=Mean()))
