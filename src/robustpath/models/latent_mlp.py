"""The multilayer perceptron with a linear layer of a few units between its last hidden layer and the logits."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from robustpath.models.mlp import mlp

KINDS = ("image", "signal")
MEASURED = False
HIDDEN = True
PORTION = (16, 0)
UNITS = 4  # as the authors have for ten classes of SVHN (luigisbailo/binary_encoding at 140b8b6, configs/svhn.yml)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """The perceptron with layers of the widths `hidden`, and the linear penultimate layer of Sbailò & Ghiringhelli
    2024, whose units no ReLU follows."""
    with torch.device("meta"):
        return nn.Sequential(*mlp(math.prod(shape), hidden, UNITS), nn.Linear(UNITS, classes))
