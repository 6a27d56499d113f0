"""How far the loss rises in a neighbourhood of the parameters: a few steps from edge to edge of it."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.protocols.supervised.measures.stacked import Losses, slopes

TOLERANCE = 0.05  # of the rise: what the last step may still add


class Ascent(NamedTuple):
    """The rise found [M], a lower bound of the largest, and whether the last step added at most TOLERANCE of it [M]."""

    value: Tensor
    converged: Tensor


def ascend(losses: Losses, points: Tensor, offset: Tensor, farthest: Callable[[Tensor], Tensor], steps: int) -> Ascent:
    """The highest L(w + e) - L(w) met from e = offset [M, d] on, where each step goes to farthest(gradient) [M, d], the
    place of the neighbourhood that is farthest along the gradient (Frank & Wolfe 1956).

    It begins on the side of the neighbourhood to which the gradient at w points.
    """
    here, gradient = slopes(losses, points)
    offset = torch.where((offset * gradient).sum(1, keepdim=True) < 0, -offset, offset)
    rises = []
    for _ in range(steps):
        values, gradients = slopes(losses, points + offset)
        rises.append(values - here)
        offset = farthest(gradients)
    with torch.no_grad():
        rises.append(losses(points + offset) - here)
    before = torch.stack(rises[:-1]).amax(0)
    value = torch.maximum(before, rises[-1])
    return Ascent(value, value - before <= TOLERANCE * value.abs())
