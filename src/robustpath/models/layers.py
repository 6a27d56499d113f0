"""Layers that several networks share."""

import torch
from torch import nn


class Planes(nn.Module):
    """Gives grey images [b, H, W] their one channel: [b, 1, H, W]; colour images [b, C, H, W] stay as they are."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, None] if images.dim() == 3 else images


class Pool(nn.Module):
    """The mean over the pixels: [b, C, H, W] -> [b, C]."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


def channels(shape: tuple[int, ...]) -> int:
    """Channels of images of a shape [H, W] or [C, H, W]."""
    return shape[0] if len(shape) == 3 else 1
