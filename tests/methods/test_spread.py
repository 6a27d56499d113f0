"""Greedy k-centre, k-means++ and k-means against their definitions."""

from itertools import combinations

import torch

from robustpath.core.randomness import generator
from robustpath.methods import spread
from robustpath.methods.neighbours import squared_distances


def points_of(seed, count=12, width=2):
    return torch.randn(count, width, generator=generator("spread", seed), dtype=torch.float64)


def away(points, positions):
    return torch.cdist(points, points[positions], compute_mode="donot_use_mm_for_euclid_dist").amin(1)


def test_every_centre_is_the_furthest_from_those_before_it():
    points = points_of(0, 40, 3)
    for found in (spread.k_centre(points, 8), spread.k_centre(points, 8, points[5:9])):
        before = [] if found[0] == 0 else [5, 6, 7, 8]
        for position in found.tolist():
            if before:
                assert away(points, before).argmax() == position
            before.append(position)


def test_the_radius_is_at_most_twice_the_least():
    for seed in range(10):
        points = points_of(seed)
        best = min(away(points, list(three)).max() for three in combinations(range(12), 3))
        assert away(points, spread.k_centre(points, 3)).max() <= 2 * best


def test_equal_points_are_all_taken_in_their_order():
    assert spread.k_centre(torch.ones(6, 2), 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert spread.k_centre(torch.ones(6, 2), 6, torch.ones(2, 2)).tolist() == [0, 1, 2, 3, 4, 5]
    alike = spread.seeds(lambda position: torch.zeros(6), 4, 5, generator("alike"))
    assert alike.tolist() == [4, 0, 1, 2, 3]


def test_seeds_are_drawn_in_proportion_to_the_squared_distance_to_the_nearest():
    """The third position, given the first two: on a line with points at 0, 1, 3 and 7 from 0."""
    points, stream = torch.tensor([[0.0], [1.0], [3.0], [7.0]], dtype=torch.float64), generator("seeds")
    found = [
        spread.seeds(lambda position: squared_distances(points, points[position]), 0, 3, stream).tolist()
        for _ in range(4000)
    ]
    second = torch.tensor([each[1] for each in found]).bincount(minlength=4) / 4000
    assert (second - torch.tensor([0, 1, 9, 49]) / 59).abs().max() < 5 * (0.25 / 4000) ** 0.5
    third = torch.tensor([each[2] for each in found if each[1] == 3])
    shares = third.bincount(minlength=4) / len(third)
    assert (shares - torch.tensor([0, 1, 9, 0]) / 10).abs().max() < 5 * (0.09 / len(third)) ** 0.5


def test_each_centre_of_k_means_is_the_mean_of_the_points_nearest_to_it():
    points = points_of(3, 60, 3)
    centres = spread.k_means(points, 5, generator("k-means"))
    owner = torch.cdist(points, centres).argmin(1)
    assert set(owner.tolist()) == set(range(5))
    for number in range(5):
        torch.testing.assert_close(centres[number], points[owner == number].mean(0))


def test_as_many_clusters_as_points_are_the_points():
    points = points_of(4, 9)
    centres = spread.k_means(points, 9, generator("k-means"))
    assert sorted(spread.closest_each(points, centres).tolist()) == list(range(9))
    torch.testing.assert_close(centres.sort(0).values, points.sort(0).values)


def test_a_point_is_taken_by_one_centre_only():
    points = torch.tensor([[0.0], [1.0], [5.0]])
    assert spread.closest_each(points, torch.tensor([[0.1], [0.2], [0.3]])).tolist() == [0, 1, 2]
