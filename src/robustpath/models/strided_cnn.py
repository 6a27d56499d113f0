"""A small convolutional network with group normalisation, for images of 28 pixels a side."""

from collections.abc import Sequence

import torch
from torch import nn

from robustpath.models.layers import Planes, Pool, channels

KINDS = ("image",)
MEASURED = False
PORTION = (10, 500)
WIDTHS = (8, 16, 64)
GROUPS = 4


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Three times a 3 x 3 convolution of stride 2, GroupNorm (Wu & He 2018) and ReLU; the mean over pixels; logits
    [b, classes].

    The stride halves each side, where models/cnn.py takes maxima after convolutions at full size: that is what makes a
    step cheap. `hidden` is not used: the widths are those of the file.
    """
    entering = channels(tuple(shape))
    layers: list[nn.Module] = [Planes()]
    with torch.device("meta"):
        for width in WIDTHS:
            layers += [nn.Conv2d(entering, width, 3, stride=2, padding=1), nn.GroupNorm(GROUPS, width), nn.ReLU()]
            entering = width
        layers += [Pool(), nn.Linear(entering, classes)]
    return nn.Sequential(*layers)
