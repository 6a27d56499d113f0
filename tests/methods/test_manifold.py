"""How far anchors are from a pool: on grids, by loops, and where the ratio does not exist."""

import math

import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.methods import manifold


def grid(spacing):
    """100 points, each at this distance from its nearest."""
    return torch.cartesian_prod(torch.arange(10.0), torch.arange(10.0)).double() * spacing


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_the_ratio_is_in_spacings_of_a_grid(spacing):
    """Half-way between two points, at a point, in the middle of a square, and 2.5 beyond an edge."""
    for anchors, known in (
        ([[2.5, 3.0]], 0.5),
        ([[2.0, 3.0]], 0.0),
        ([[2.5, 3.5]], math.sqrt(0.5)),
        ([[11.5, 4.0]], 2.5),
        ([[2.5, 3.0], [11.5, 4.0], [2.0, 3.0]], 1.0),
    ):
        found = manifold.off_manifold(torch.tensor(anchors).double() * spacing, grid(spacing))
        assert math.isclose(found, known, abs_tol=1e-12)


def test_one_example_far_from_all_others_does_not_move_the_typical_distance():
    assert manifold.typical_distance(torch.cat([grid(1.0), torch.full((1, 2), 1e4).double()])) == 1.0


def slow(anchors, pool):
    typical = sorted(min(math.dist(one, other) for k, other in enumerate(pool) if k != i) for i, one in enumerate(pool))
    away = [min(math.dist(anchor, other) for other in pool) for anchor in anchors]
    return sum(away) / len(away) / typical[(len(typical) - 1) // 2]


def test_the_ratio_is_that_of_loops_over_all_examples():
    stream = generator("manifold")
    pool, anchors = (torch.randn(count, 4, generator=stream, dtype=torch.float64) for count in (90, 7))
    anchors *= 1.5
    found = manifold.off_manifold(anchors, pool)
    assert math.isclose(found, slow(anchors.tolist(), pool.tolist()), rel_tol=1e-9)
    other = manifold.off_manifold(anchors.float(), pool.float())
    assert math.isclose(found, other, rel_tol=1e-5)


def test_of_a_large_pool_some_examples_say_nearly_what_all_do(monkeypatch):
    """Also where the pool is in an order: here all examples of a dense half come before all others."""
    pool = torch.randn(2000, 5, generator=generator("large"), dtype=torch.float64)
    pool[1000:] = pool[1000:] * 2 + 20
    some = manifold.typical_distance(pool)
    assert some == manifold.typical_distance(pool)
    monkeypatch.setattr(manifold, "SAMPLE", 2000)
    every = manifold.typical_distance(pool)
    assert some != every and math.isclose(some, every, rel_tol=0.15)


def test_where_there_is_no_distance_there_is_no_ratio():
    some = grid(1.0)
    for anchors, pool in ((some[:0], some), (some[:3], some[:1]), (some[:3], some[:1].expand(9, -1))):
        assert math.isnan(manifold.off_manifold(anchors, pool))
        assert manifold.notes(anchors, pool, 1)["candidate_share"] == 1 / len(pool)
