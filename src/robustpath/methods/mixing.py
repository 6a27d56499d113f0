"""Mixing examples: the numbers of a mixture, from the noise that a step is dealt."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.methods.base import Context


class Mixture(NamedTuple):
    """share: of each example itself, a number in [0, 1]; order: a permutation of the batch, int64 [b]."""

    share: Tensor
    order: Tensor


def mixture(context: Context, examples: int, alpha: Tensor) -> Mixture:
    """A share from Beta(alpha, alpha) and a random permutation, both functions of the step's normal numbers.

    UserError where the noise, of which there is a number for each parameter, is not enough.
    """
    numbers = torch.cat([tensor.reshape(-1) for tensor in context.given["noise"].values()])
    if len(numbers) < examples + 2:
        raise UserError(
            f"mixing takes {examples + 2} numbers for a batch of {examples} examples and the network has "
            f"{len(numbers)} parameters, one for each: set `batch_size` to at most {len(numbers) - 2} in config.yaml"
        )
    uniform = torch.special.ndtr(numbers[:2])
    return Mixture(beta(uniform[0], uniform[1], alpha), numbers[2 : examples + 2].argsort())


def following(order: Tensor, fitting: Tensor) -> Tensor:
    """For each example [b], the next in `order`, as on a circle, that is `fitting` [b, b] for it; itself where the
    batch has none."""
    place, count = order.argsort(), len(order)
    distance = (place[None, :] - place[:, None]) % count
    alone = distance == 0
    return torch.where(fitting | alone, distance + count * alone, 2 * count).argmin(1)


def beta(first: Tensor, second: Tensor, alpha: Tensor) -> Tensor:
    """Beta(alpha, alpha) from two independent uniform numbers in (0, 1), for every alpha > 0.

    t = sqrt(2 alpha (U^(-1/alpha) - 1)) cos(2 pi V) has Student's distribution with 2 alpha degrees of freedom (Bailey
    1994), and then 1/2 + t / (2 sqrt(2 alpha + t²)) has the beta distribution.
    """
    direction = torch.cos(2 * math.pi * second)
    squared = (first ** (-1 / alpha) - 1) * direction.square()
    return 0.5 + 0.5 * torch.sign(direction) / torch.sqrt(1 + 1 / squared)  # finite where U^(-1/alpha) overflows
