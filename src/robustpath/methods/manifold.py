"""Whether an acquisition looks where the examples of its pool are: how far its anchors are from the nearest ones."""

import math

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.methods.neighbours import nearest

SAMPLE = 256  # examples of a pool: all of 3,000 take ten times as long, and move the median by a few percent


def notes(anchors: Tensor, pool: Tensor, candidates: int) -> dict[str, float]:
    """What an acquisition notes (acquiring.Chosen) that looks for `candidates` examples of pool [u, d] around anchors
    [T, d].

    off_manifold: the distance of an anchor to its nearest example of the pool, by the typical distance of the pool's
    examples, mean over the anchors; above 2 anchors lie where there are no examples. Not a number without an anchor, or
    where the typical distance is 0. candidate_share: candidates by examples of the pool; at 1 only their rank decides.
    """
    return {"off_manifold": off_manifold(anchors, pool), "candidate_share": candidates / len(pool)}


def off_manifold(anchors: Tensor, pool: Tensor) -> float:
    """The ratio of `notes`."""
    typical = typical_distance(pool)
    if not len(anchors) or not typical > 0:
        return math.nan
    return float(nearest(anchors, pool, 1)[0].mean()) / typical


def typical_distance(pool: Tensor) -> float:
    """The median distance of examples of pool [u, d] to their nearest other one: of SAMPLE random examples, the same in
    every call, or of all where there are no more. Not a number where no example has another."""
    if len(pool) < 2:
        return math.nan
    chosen = torch.randperm(len(pool), generator=generator("typical distance", len(pool)))[:SAMPLE]
    return float(nearest(pool[chosen], pool, 2)[0][:, 1].median())
