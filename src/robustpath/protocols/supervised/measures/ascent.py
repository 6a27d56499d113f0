"""How far the loss rises in a neighbourhood of the parameters: steps from edge to edge of it, from several starts.

A loss with kinks has many local maxima in a neighbourhood, and an ascent finds one near its start. What is found is a
lower bound of the largest rise; that two starts agree is a sign that there is none higher, and not a proof.

On 372 networks of the study, 19 starts of 12 steps each found over TOLERANCE more than the agreed value of 0 % of those
whose starts agree for the sharpness of SAM, 3.7 % for ASAM's and 0.3 % for Keskar's; starts agree for 77, 65 and 79 %.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.protocols.supervised.measures.stacked import Losses, slopes

TOLERANCE = 0.05  # of the highest rise: what the second highest may lack
FIRST = 2  # steps from every start
FINALISTS = 3  # starts that go on


class Ascent(NamedTuple):
    """The highest rise found [M], a lower bound of the largest, and whether the second best start comes within
    TOLERANCE of it [M]."""

    value: Tensor
    converged: Tensor


def ascend(
    losses: Losses, points: Tensor, starts: Sequence[Tensor], farthest: Callable[[Tensor], Tensor], steps: int
) -> Ascent:
    """The highest L(w + e) - L(w) met from the offsets `starts`, each [M, d] and two at least.

    A step goes to farthest(gradient) [M, d], the place of the neighbourhood that is farthest along the gradient
    (Frank & Wolfe 1956). Every start takes FIRST steps; the FINALISTS that are then highest, each member's own, go on
    to `steps`.
    """
    with torch.no_grad():
        here = losses(points)
    ends, rises = [], []
    for start in starts:
        end, rise = _climb(losses, points, start, farthest, FIRST)
        ends.append(end)
        rises.append(rise - here)
    offsets, found = torch.stack(ends), torch.stack(rises)
    order = found.nan_to_num(nan=-torch.inf).argsort(dim=0, descending=True, stable=True)
    members = torch.arange(len(points), device=points.device)
    for place in order[:FINALISTS]:
        _, rise = _climb(losses, points, offsets[place, members], farthest, steps - FIRST)
        found[place, members] = torch.maximum(found[place, members], rise - here)
    best, second = found.sort(0, descending=True).values[:2]
    return Ascent(best, best - second <= TOLERANCE * best.abs())


def _climb(
    losses: Losses, points: Tensor, offset: Tensor, farthest: Callable[[Tensor], Tensor], steps: int
) -> tuple[Tensor, Tensor]:
    """Where `steps` steps from an offset end [M, d], and the highest loss on the way, both ends included [M]."""
    met = []
    for _ in range(steps):
        values, gradients = slopes(losses, points + offset)
        met.append(values)
        offset = farthest(gradients)
    with torch.no_grad():
        met.append(losses(points + offset))
    return offset, torch.stack(met).amax(0)
