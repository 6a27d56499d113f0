"""Core-set: the greedy choice by hand, and its radius beside the least possible one (case C14)."""

from itertools import combinations

import torch
from pools import acquisition, of_logits

from robustpath.core.randomness import generator


def view_of(points, labelled):
    there = torch.zeros(len(points), dtype=torch.bool).index_fill(0, torch.tensor(labelled), True)
    view = of_logits(torch.zeros(len(points), 2), representations={"penultimate": points})
    return view._replace(labelled=torch.tensor(labelled), unlabelled=(~there).nonzero()[:, 0])


def radius(points, centres):
    return torch.cdist(points, points[centres], compute_mode="donot_use_mm_for_euclid_dist").amin(1).max()


def test_the_furthest_comes_first_and_then_the_furthest_from_both():
    points = torch.tensor([0.0, 1.0, 4.0, 10.0, 5.5])[:, None]
    assert acquisition("core_set")(view_of(points, [0]), 3, torch.Generator()).tolist() == [3, 4, 2]


def test_the_greedy_radius_is_at_most_twice_the_least_by_brute_force():
    """Of 12 points one is labelled and 3 are chosen; every choice of 3 is tried."""
    worse = 0
    for seed in range(20):
        points = torch.randn(12, 2, generator=generator("core-set", seed), dtype=torch.float64)
        greedy = radius(points, [0, *acquisition("core_set")(view_of(points, [0]), 3, torch.Generator()).tolist()])
        best = min(radius(points, [0, *three]) for three in combinations(range(1, 12), 3))
        assert best <= greedy <= 2 * best
        worse += int(greedy > best)
    assert worse > 0


def test_far_is_meant_in_the_representation_and_the_axes_that_are_asked_for():
    """The inputs differ most along the diagonal, on which example 2 is the furthest from example 0; example 3 is
    further, but off the diagonal. What the last layer reads puts example 4 the furthest away."""
    inputs = torch.tensor([[0.0, 0.0], [5.0, 5.0], [-5.5, -5.5], [6.0, -6.0], [1.0, 1.0], [4.0, 4.0], [-4.0, -4.0]])
    view = view_of(torch.tensor([0.0, 1.0, 2.0, 3.0, 9.0, 4.0, 5.0])[:, None], [0])
    view = view._replace(representations={**view.representations, "inputs": inputs})
    for expected, chosen in ((4, {}), (3, {"representation": 0}), (2, {"representation": 0, "dimensions": 1})):
        assert int(acquisition("core_set", **chosen)(view, 1, torch.Generator())) == expected
