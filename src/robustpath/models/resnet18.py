"""ResNet-18 for images of about 32 pixels a side, with GroupNorm in the place of BatchNorm."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from robustpath.models.layers import Planes, Pool, channels

KINDS = ("image",)
MEASURED = False
PORTION = (4, 250)

GROUPS = 32  # the number of Wu and He 2018, who introduced GroupNorm
STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # channels and the first stride; two blocks each


class Block(nn.Module):
    """relu(norm(conv(relu(norm(conv(x))))) + x), x through a 1 x 1 convolution where shapes differ (He et al. 2016)."""

    def __init__(self, entering: int, channels: int, stride: int):
        super().__init__()
        self.first = nn.Sequential(*_normalised(entering, channels, 3, stride))
        self.second = nn.Sequential(*_normalised(channels, channels, 3, 1))
        same = entering == channels and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(*_normalised(entering, channels, 1, stride))

    def forward(self, images: Tensor) -> Tensor:
        return (self.second(self.first(images).relu()) + self.shortcut(images)).relu()


def _normalised(entering: int, channels: int, size: int, stride: int) -> tuple[nn.Module, nn.Module]:
    convolution = nn.Conv2d(entering, channels, size, stride, padding=size // 2, bias=False)
    return convolution, nn.GroupNorm(GROUPS, channels)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """The network of He et al. 2016 from images [b, H, W] or [b, C, H, W] to logits [b, classes].

    As usual for 32 pixels it begins with a 3 x 3 convolution of stride 1 and no pooling. GroupNorm has the parameters
    of BatchNorm and looks at one example alone, so that nothing couples the examples of a batch. `hidden` is not used:
    the widths are those of the paper.
    """
    with torch.device("meta"):
        layers: list[nn.Module] = [Planes(), *_normalised(channels(tuple(shape)), STAGES[0][0], 3, 1), nn.ReLU()]
        entering = STAGES[0][0]
        for width, stride in STAGES:
            layers += [Block(entering, width, stride), Block(width, width, 1)]
            entering = width
        layers += [Pool(), nn.Linear(entering, classes)]
    return nn.Sequential(*layers)
