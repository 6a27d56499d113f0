"""Nearest neighbours by products against all differences, with ties and in blocks of any size."""

import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.methods import neighbours


def slow(queries, points, count):
    away = (queries.double()[:, None] - points.double()).square().sum(2)
    order = torch.argsort(away, dim=1, stable=True)[:, :count]
    return away.gather(1, order).sqrt(), order


def tied():
    """400 points of which each stands at four or more places, far from the origin, so that products lose digits."""
    points = 1000 + torch.randint(3, (100, 4), generator=generator("ties")) * 0.1
    return points.repeat(4, 1)


@pytest.mark.parametrize("entries", [1, 700, 10**6])
def test_they_are_those_of_all_differences_and_ties_go_to_the_lower_position(entries, monkeypatch):
    monkeypatch.setattr(neighbours, "ENTRIES", entries)
    stream = generator("neighbours")
    close = 1000 + 1e-6 * torch.randn(400, 7, generator=stream, dtype=torch.float64)  # products see one point
    for points in (tied(), close, torch.randn(400, 7, generator=stream), torch.zeros(400, 2)):
        for count in (1, 13, len(points)):
            queries = torch.cat([points[:9], points[:9] + 0.05])
            distances, positions = neighbours.nearest(queries, points, count)
            expected = slow(queries, points, count)
            assert torch.equal(positions, expected[1])
            torch.testing.assert_close(distances, expected[0], rtol=0, atol=0)


@pytest.mark.parametrize("entries", [1, 10**6])
def test_distances_to_one_point_are_differences(entries, monkeypatch):
    monkeypatch.setattr(neighbours, "ENTRIES", entries)
    points = torch.randn(50, 6, generator=generator("points"), dtype=torch.float64)
    expected = torch.stack([(point - points[3]).square().sum() for point in points])
    torch.testing.assert_close(neighbours.squared_distances(points, points[3]), expected, rtol=1e-14, atol=0)
