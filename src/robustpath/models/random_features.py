"""Random ReLU features and a linear layer on them: what can be learnt without learning features."""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

KINDS = ("image", "signal")
MEASURED = False
PORTION = (16, 0)
WIDTH = 1000  # features


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """W relu(R x + r) + b for examples [b, *shape]; R and r stay as drawn (McDonnell et al. 2023).

    They are drawn as those of any first layer; methods that are meant for this network change W and b ("head.weight",
    "head.bias") alone. `hidden` is not used.
    """
    with torch.device("meta"):
        layers = OrderedDict(
            flat=nn.Flatten(),
            features=nn.Linear(math.prod(shape), WIDTH),
            relu=nn.ReLU(),
            head=nn.Linear(WIDTH, classes),
        )
        return nn.Sequential(layers)
