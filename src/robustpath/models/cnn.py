"""A small convolutional network for grey or colour images of any size from 8 pixels a side."""

from collections.abc import Sequence

import torch
from torch import nn

from robustpath.models.layers import Planes, Pool, channels

KINDS = ("image",)
MEASURED = False
PORTION = (16, 250)
WIDTHS = (32, 64, 128)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Three times a 3 x 3 convolution, ReLU and a maximum over 2 x 2; the mean over pixels; logits [b, classes].

    `hidden` is not used: the widths are those of the file.
    """
    entering = channels(tuple(shape))
    layers: list[nn.Module] = [Planes()]
    with torch.device("meta"):
        for width in WIDTHS:
            layers += [nn.Conv2d(entering, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            entering = width
        layers += [Pool(), nn.Linear(entering, classes)]
    return nn.Sequential(*layers)
