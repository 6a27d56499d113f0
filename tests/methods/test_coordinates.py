"""Principal axes, and the covariance of Ledoit & Wolf."""

import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.methods.coordinates import ledoit_wolf, principal, whiten


def test_principal_axes_are_those_of_a_singular_value_decomposition():
    values = torch.randn(50, 2, 3, generator=generator("a")) * torch.tensor([1.0, 5.0, 0.1])
    flat = values.flatten(1).double()
    scaled = (flat - flat.mean(0)) / flat.std(0, correction=0)
    left, sizes, _ = torch.linalg.svd(scaled, full_matrices=False)
    places = principal(values, 4)
    assert places.shape == (50, 4)
    assert torch.allclose(places.abs(), (left * sizes)[:, :4].abs())
    assert torch.allclose(principal(values, 6), scaled)


def test_a_value_that_never_varies_counts_nothing():
    values = torch.cat([torch.randn(20, 2, generator=generator("b")), torch.full((20, 1), 7.0)], 1)
    assert torch.equal(principal(values, 3)[:, 2], torch.zeros(20, dtype=torch.float64))
    with_it, without = (gaps(principal(kept, 2)) for kept in (values, values[:, :2]))
    assert torch.allclose(with_it, without)


def gaps(places):
    return (places[:, None] - places).norm(dim=2)


@pytest.mark.parametrize(("examples", "dimensions"), [(8, 12), (40, 5), (400, 3)])
def test_the_covariance_is_that_of_the_paper(examples, dimensions):
    """Ledoit & Wolf 2004 with their norm |A|² = tr(A A') / p: b² / d² m I + a² / d² S, the noise b² one example at a
    time, at most d², and a² = d² - b²."""
    points = torch.randn(examples, dimensions, generator=generator("c"), dtype=torch.float64)
    points = points @ torch.randn(dimensions, dimensions, generator=generator("d"), dtype=torch.float64)
    covariance = points.T @ points / examples
    identity = torch.eye(dimensions, dtype=torch.float64)

    def squared(matrix):
        return (matrix @ matrix.T).trace() / dimensions

    m = covariance.trace() / dimensions
    d = squared(covariance - m * identity)
    b = min(sum(squared(point.outer(point) - covariance) for point in points) / examples**2, d)
    assert 0 < b < d
    assert torch.allclose(ledoit_wolf(points), b / d * m * identity + (d - b) / d * covariance)


def test_examples_on_the_means_of_their_classes_change_nothing():
    points = torch.randn(6, 3, generator=generator("e"), dtype=torch.float64)
    assert torch.equal(whiten(points, torch.tensor([0, 4]), torch.tensor([1, 0])), points)
