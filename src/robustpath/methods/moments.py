"""The running moments of the gradient that Adam and its relatives divide by (Kingma & Ba 2015, algorithm 1)."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, zeros_like
from robustpath.methods.base import Params


class Moments(NamedTuple):
    """mean and square: the decaying sums of gradients and of their squares, from zero, after so many `updates`."""

    mean: Params
    square: Params
    updates: Tensor


def no_moments(params: Params) -> Moments:
    """The moments before the first gradient."""
    return Moments(zeros_like(params), zeros_like(params), torch.zeros(()))


def take_in(gradient: Params, moments: Moments, beta1: Tensor, beta2: Tensor) -> Moments:
    """m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g²."""
    return Moments(
        tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, moments.mean, gradient),
        tree_map(lambda v, g: beta2 * v + (1 - beta2) * g * g, moments.square, gradient),
        moments.updates + 1,
    )


def filled(beta: Tensor, updates: Tensor) -> Tensor:
    """1 - beta^t, the weight that a decaying sum has gathered after t updates, in double precision.

    Single precision would lose four of its seven digits at beta = 0.999 and t = 1.
    """
    return 1 - beta.double() ** updates.double()
