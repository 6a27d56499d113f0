"""A small convolutional network for grey or colour images of any size from 8 pixels a side."""

import torch
from torch import nn

WIDTHS = (32, 64, 128)


class Planes(nn.Module):
    """Gives grey images [b, H, W] their one channel: [b, 1, H, W]; colour images [b, C, H, W] stay as they are."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, None] if images.dim() == 3 else images


class Pool(nn.Module):
    """The mean over the pixels: [b, C, H, W] -> [b, C]."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


def cnn(channels: int, classes: int) -> nn.Module:
    """Three times a 3 x 3 convolution, ReLU and a maximum over 2 x 2; the mean over pixels; logits [b, classes]."""
    layers: list[nn.Module] = [Planes()]
    with torch.device("meta"):
        for width in WIDTHS:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width
        layers += [Pool(), nn.Linear(channels, classes)]
    return nn.Sequential(*layers)
