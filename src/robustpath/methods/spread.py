"""Points far from each other: the greedy k-centre, the seeding of k-means++ and Lloyd's k-means."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustpath.methods.neighbours import nearest, squared_distances

PASSES = 100  # of Lloyd's algorithm at most; it ends earlier where no point changes its centre


def k_centre(points: Tensor, count: int, centres: Tensor | None = None) -> Tensor:
    """Positions [count] of points [n, d], each the furthest from all centres [m, d] and all positions before it.

    The largest distance that remains is at most twice the least possible (Gonzalez 1985). Without centres the first
    position is 0; of equal distances the lower position is taken. No position comes twice. Needs count <= n.
    """
    points = points.double()
    if centres is None or not len(centres):
        remaining = torch.full((len(points),), torch.inf, dtype=torch.float64, device=points.device)
    else:
        remaining = nearest(points, centres, 1)[0][:, 0].square()
    positions = []
    for _ in range(count):
        positions.append(int(remaining.argmax()))
        remaining = torch.minimum(remaining, squared_distances(points, points[positions[-1]]))
        remaining[positions] = -1.0
    return torch.tensor(positions, dtype=torch.int64, device=points.device)


def seeds(squared: Callable[[int], Tensor], first: int, count: int, generator: torch.Generator) -> Tensor:
    """Positions [count], the first given, the others drawn one by one with probability proportional to D², the squared
    distance to the nearest position before (Arthur & Vassilvitskii 2007, k-means++).

    squared: position -> squared distances [n] of all points to it. Where all points lie on positions, those not yet
    taken follow in ascending order. No position comes twice. Needs count <= n.
    """
    positions, remaining = [first], squared(first).double()
    while len(positions) < count:
        remaining[positions] = 0.0
        if not bool((remaining > 0).any()):
            rest = torch.ones(len(remaining), dtype=torch.bool)
            rest[positions] = False
            positions += rest.nonzero()[: count - len(positions), 0].tolist()
            break
        positions.append(int(torch.multinomial(remaining, 1, generator=generator)))
        remaining = torch.minimum(remaining, squared(positions[-1]).double())
    return torch.tensor(positions, dtype=torch.int64, device=remaining.device)


def k_means(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Centres [count, d] of Lloyd's k-means on points [n, d], seeded by k-means++; a centre that loses all its points
    stays where it is. Needs count <= n."""
    points = points.double()
    first = int(torch.randint(len(points), (), generator=generator))
    centres = points[seeds(lambda position: squared_distances(points, points[position]), first, count, generator)]
    before = None
    for _ in range(PASSES):
        owner = nearest(points, centres, 1)[1][:, 0]
        if before is not None and torch.equal(owner, before):
            break
        sums = torch.zeros_like(centres).index_add_(0, owner, points)
        sizes = torch.bincount(owner, minlength=count)[:, None]
        centres, before = torch.where(sizes > 0, sums / sizes.clamp(min=1), centres), owner
    return centres


def closest_each(points: Tensor, centres: Tensor) -> Tensor:
    """Positions [m] of points [n, d], one for each of centres [m, d] in their order: the nearest that no centre before
    has taken; of equal distances the lower position. Needs m <= n."""
    taken: list[int] = []
    for centre in centres.double():
        squared = squared_distances(points.double(), centre)
        squared[taken] = torch.inf
        taken.append(int(squared.argmin()))
    return torch.tensor(taken, dtype=torch.int64, device=points.device)
