"""Exact nearest neighbours: matrix products in double precision find who can be one, differences decide.

A product |q|² - 2 q·p + |p|² is fast, but its rounding depends on where a point stands, so that two equal points may
seem to lie at two distances. Only points within the error of the product of the last place are measured again.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

ENTRIES = 2**22  # numbers that are in memory at a time, 32 MiB: small enough to stay fast, large enough for a product
ROUNDING = 2.0**-53  # of double precision


def nearest(queries: Tensor, points: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` nearest of points [n, d] to each query [q, d]: Euclidean distances, float64 [q, count], ascending,
    and positions [q, count]; of equal distances the lower position comes first. Needs 1 <= count <= n."""
    queries, points = queries.double(), points.double()
    lengths = points.square().sum(1)
    rows = max(1, ENTRIES // len(points))
    found = [_of_block(block, points, lengths, count) for block in queries.split(rows)]
    distances, positions = (torch.cat(parts) for parts in zip(*found, strict=True))
    return distances, positions


def squared_distances(points: Tensor, centre: Tensor) -> Tensor:
    """|p - c|² of each of points [n, d] to one centre [d], as differences [n]: equal points get equal numbers."""
    rows = max(1, ENTRIES // (16 * points.shape[1]))  # fits into a cache
    return torch.cat([(block - centre).square_().sum(1) for block in points.split(rows)])


def _of_block(queries: Tensor, points: Tensor, lengths: Tensor, count: int) -> tuple[Tensor, Tensor]:
    own = queries.square().sum(1)
    products = torch.addmm(lengths[None], queries, points.T, alpha=-2).add_(own[:, None])
    error = 4 * (points.shape[1] + 4) * ROUNDING * (own.sqrt() + lengths.max().sqrt()).square()
    last = products.topk(count, dim=1, largest=False, sorted=False).values.amax(1)
    who, candidates = (products <= (last + 2 * error)[:, None]).nonzero().T
    measured = torch.cat([part.square().sum(1) for part in _differences(queries, points, who, candidates)])
    order = torch.argsort(measured, stable=True)  # candidates ascend, so equal ones stay in the order of positions
    order = order[torch.argsort(who[order], stable=True)]
    starts = torch.searchsorted(who, torch.arange(len(queries), device=who.device))
    chosen = order[starts[:, None] + torch.arange(count, device=who.device)]
    return measured[chosen].sqrt(), candidates[chosen]


def _differences(queries: Tensor, points: Tensor, who: Tensor, candidates: Tensor) -> Iterator[Tensor]:
    rows = max(1, ENTRIES // points.shape[1])
    for one, other in zip(who.split(rows), candidates.split(rows), strict=True):
        yield queries[one] - points[other]
