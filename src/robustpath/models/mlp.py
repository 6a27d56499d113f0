"""The multilayer perceptron: fully connected layers with ReLU between them."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

KINDS = ("image", "signal")
MEASURED = True
HIDDEN = True
PORTION = (16, 0)  # activations that fit into the cache of a processor


def mlp(inputs: int, hidden: Sequence[int], classes: int) -> nn.Module:
    """A fully connected ReLU network from [b, …], `inputs` numbers an example, to logits [b, classes]."""
    widths = [inputs, *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    with torch.device("meta"):
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        layers.append(nn.Linear(widths[-1], classes))
    return nn.Sequential(*layers)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """The perceptron with layers of the widths `hidden`."""
    return mlp(math.prod(shape), hidden, classes)
