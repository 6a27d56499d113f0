"""Ways to hold a model in a ball of distance d <= r: what is added to the loss, and what follows a step and a batch."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, lerp, tree_map
from robustpath.methods.base import Params, grad_and_value

LEAST_WEIGHT, LARGEST_WEIGHT = 0.03, 10.0  # of a weight that follows the distance
FACTOR = 1.5  # by which `multiplier` changes its weight, and the band around the radius in which it does not
STIFFNESS = 0.1  # by how much a unit of weight slows down the steps of `dual`
TRIALS = 8  # of a line search: the end of the segment, then 7 bisections
PROJECTIONS = 3  # steps of a projection

Measure = Callable[[Params], Tensor]


def _unchanged(distance: Tensor, radius: Tensor, weight: Tensor) -> Tensor:
    return weight


def _whole(weight: Tensor) -> float:
    return 1.0


class Settled(NamedTuple):
    """After a batch: the parameters, their distance, whether the ball had been left, and the mean distance of all that
    was tried on the way there."""

    params: Params
    reached: Tensor
    active: Tensor
    tried: Tensor


class Way(NamedTuple):
    """penalty(distance, radius, weight): what a step adds to the loss; None takes the step without it.

    weight: of the penalty at the start. within and after (distance, radius, weight) -> weight: the weight after a step,
    by the distance before it, and after a batch. rate(weight): a factor of the gradient. settle(measure, anchor,
    params, radius) -> Settled: what becomes of the parameters after a batch; None where no radius counts.
    """

    penalty: Callable[[Tensor, Tensor, Tensor], Tensor] | None
    weight: Tensor | float = 0.0
    within: Callable[[Tensor, Tensor, Tensor], Tensor] = _unchanged
    after: Callable[[Tensor, Tensor, Tensor], Tensor] = _unchanged
    rate: Callable[[Tensor], Tensor | float] = _whole
    settle: Callable[[Measure, Params, Params, Tensor], Settled] | None = None


def penalty(weight: Tensor) -> Way:
    """weight d, at a fixed weight: there is no radius."""
    return Way(_weighted, weight)


def multiplier(weight: Tensor | float = 1.0) -> Way:
    """weight d; after a batch the weight grows by half where d > 1.5 r, and falls so where d < r / 1.5, in [0.03, 10].

    The rule is that of the penalty form of PPO (Schulman et al. 2017, sec. 4), which doubles and halves.
    """

    def after(distance, radius, weight):
        grown = torch.where(distance > FACTOR * radius, weight * FACTOR, weight)
        return torch.where(distance < radius / FACTOR, weight / FACTOR, grown).clamp(LEAST_WEIGHT, LARGEST_WEIGHT)

    return Way(_weighted, weight, after=after, settle=_only_measured)


def dual(ascent: Tensor | float = 0.02, weight: Tensor | float = 1.0) -> Way:
    """weight d; in every step log weight grows by `ascent` times d/r - 1, that clipped to ±1 (dual ascent).

    Steps are slower by 1 / (1 + 0.1 weight): a stiff penalty needs small ones. The weight stays in [0.03, 10].
    """

    def within(distance, radius, weight):
        grown = weight * (ascent * (distance / radius - 1).clamp(-1, 1)).exp()
        return grown.clamp(LEAST_WEIGHT, LARGEST_WEIGHT)

    return Way(_weighted, weight, within, rate=lambda weight: 1 / (1 + STIFFNESS * weight), settle=_only_measured)


def augmented(stiffness: Tensor | float, weight: Tensor | float = 1.0) -> Way:
    """weight e + stiffness/(2 r) e², e = max(d - r, 0): the augmented Lagrangian, nothing inside the ball.

    After a batch the weight grows by `stiffness` times d/r - 1, that clipped to ±1, and stays in [0, 10].
    """

    def added(distance, radius, weight):
        excess = (distance - radius).relu()
        return weight * excess + stiffness / (2 * radius) * excess.square()

    def after(distance, radius, weight):
        return (weight + stiffness * (distance / radius - 1).clamp(-1, 1)).clamp(0.0, LARGEST_WEIGHT)

    return Way(added, weight, after=after, settle=_only_measured)


def line_search() -> Way:
    """After a batch, back along the segment to the anchor, until d <= r: other size, same direction.

    The end is tried, then 7 bisections of a part whose nearer end is in the ball: always 8 passes over Z.
    """

    def settle(measure, anchor, params, radius):
        inside, share, outside = torch.zeros_like(radius), torch.ones_like(radius), torch.ones_like(radius)
        reached, tried = torch.zeros_like(radius), []
        for _ in range(TRIALS):
            tried.append(measure(_along(anchor, params, share)))
            fits = tried[-1] <= radius
            reached = torch.where(fits, tried[-1], reached)
            inside, outside = torch.where(fits, share, inside), torch.where(fits, outside, share)
            share = (inside + outside) / 2
        return Settled(_along(anchor, params, inside), reached, inside < 1, torch.stack(tried).mean())

    return Way(None, settle=settle)


def projection() -> Way:
    """After a batch, three steps w <- w - max(d - r, 0) ∇d / |∇d|²: Newton's towards d = r, from outside."""

    def settle(measure, anchor, params, radius):
        tried = []
        for _ in range(PROJECTIONS):
            slope, distance = grad_and_value(measure)(params)
            tried.append(distance)
            steep = dot(slope, slope).clamp_min(math.sqrt(torch.finfo(distance.dtype).tiny))
            rate = (distance - radius).relu() / steep
            params = tree_map(lambda w, g, rate=rate: w - rate * g, params, slope)
        return Settled(params, measure(params), tried[0] > radius, torch.stack(tried).mean())

    return Way(None, settle=settle)


def _weighted(distance: Tensor, radius: Tensor, weight: Tensor) -> Tensor:
    return weight * distance


def _only_measured(measure: Measure, anchor: Params, params: Params, radius: Tensor) -> Settled:
    reached = measure(params)
    return Settled(params, reached, reached > radius, reached)


def _along(anchor: Params, params: Params, share: Tensor) -> Params:
    """anchor + share (params - anchor), and params themselves, bit for bit, at share 1."""
    return tree_map(lambda a, w: torch.where(share < 1, a, w), lerp(anchor, params, share), params)
