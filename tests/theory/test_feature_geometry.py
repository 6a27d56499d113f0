"""Dimensionalities against polytopes and a bound, and the losses of two features against a quadrature."""

import pytest
import torch
from torch.nn import functional

from robustpath.theory import feature_geometry as geometry

EXACT = {
    "feature on its own": 1.0,
    "tetrahedron": 3 / 4,
    "triangle": 2 / 3,
    "antipodal pair": 1 / 2,
    "pentagon": 2 / 5,
    "square antiprism": 3 / 8,
}  # Elhage et al. 2022, "sticky" dimensionalities


def by_definition(weights):
    """|W_i|^2 / sum_j (u_i . W_j)^2, feature by feature."""
    columns = weights.T
    found = []
    for own in columns:
        unit = own / own.norm()
        found.append(own.dot(own) / sum(unit.dot(other) ** 2 for other in columns))
    return torch.stack(found)


def test_polytopes_have_their_exact_dimensionalities():
    assert set(geometry.POLYTOPES) == set(EXACT)
    for name, (points, known) in geometry.POLYTOPES.items():
        corners = geometry.columns(points)
        assert known == EXACT[name]
        torch.testing.assert_close(corners.norm(dim=0), torch.ones(corners.shape[1]).double(), rtol=0, atol=1e-12)
        found = geometry.dimensionalities(corners)
        torch.testing.assert_close(found, torch.full_like(found, known), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 7])
def test_corners_of_a_simplex_have_the_dimensionality_of_its_closed_form(dimensions):
    """n + 1 corners about their mean in n dimensions: n / (n + 1)."""
    corners = torch.eye(dimensions + 1, dtype=torch.float64) - 1 / (dimensions + 1)
    found = geometry.dimensionalities(corners)
    torch.testing.assert_close(found, torch.full_like(found, dimensions / (dimensions + 1)), rtol=0, atol=1e-12)


def test_an_antiprism_of_another_height_has_less():
    for squared_height in (0.2, 0.3, 0.4):
        found = geometry.dimensionalities(geometry.columns(geometry.antiprism(squared_height)))
        known = 1 / (4 * (1 - squared_height) ** 2 + 8 * squared_height**2)
        assert found.tolist() == pytest.approx([known] * 8, abs=1e-12)
        assert known < 3 / 8


def test_dimensionalities_follow_their_definition():
    weights = torch.randn(3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(geometry.dimensionalities(weights), by_definition(weights))
    together = geometry.dimensionalities(torch.stack([weights, 2 * weights]))
    torch.testing.assert_close(together, by_definition(weights).expand(2, 6))


def test_their_sum_is_at_most_the_number_of_dimensions_and_the_rank():
    """Of 300 matrices of many shapes, scales and ranks, some with features that are zero; equality for tight frames."""
    stream = torch.Generator().manual_seed(1)
    for number in range(300):
        m, n = (int(torch.randint(1, 9, (), generator=stream)) for _ in range(2))
        rank = int(torch.randint(1, m + 1, (), generator=stream))
        weights = torch.randn(m, rank, generator=stream).double() @ torch.randn(rank, n, generator=stream).double()
        weights = weights * 10 ** (4 * torch.rand(n, generator=stream).double() - 2)
        if number % 3 == 0:
            weights[:, torch.randint(n, (), generator=stream)] = 0
        found = geometry.dimensionalities(weights)
        assert found.sum() <= min(rank, n) + 1e-9
        assert (found >= 0).all() and (found <= 1 + 1e-9).all()
    frame, _ = torch.linalg.qr(torch.randn(9, 4, generator=stream).double())
    assert geometry.dimensionalities(frame.T).sum() <= 4
    assert geometry.dimensionalities(geometry.columns(geometry.circle(7))).sum().item() == pytest.approx(2)


def test_a_feature_without_a_direction_has_no_dimension():
    weights = torch.tensor([[1.0, 0.0, 1e-8]])
    assert geometry.dimensionalities(weights).tolist() == [1.0, 0.0, 0.0]


def test_dimensions_a_feature_count_features_of_norm_1():
    assert geometry.dimensions_per_feature(torch.eye(4)[:2]).item() == 1.0
    assert geometry.dimensions_per_feature(geometry.columns(geometry.circle(5))).item() == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    ("weights", "shorter"),
    [((1.0, -0.9), -0.9), ((-0.8, 1.0), -0.8), ((1.0, 0.1), 0.1), ((0.0, 1.0), 0.0), ((0.6, 0.7), 0.6)],
)
def test_two_features_are_separated_by_the_shorter_weight(weights, shorter):
    assert geometry.superposed(torch.tensor([weights])).item() == pytest.approx(shorter)


@pytest.mark.parametrize("importance", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("density", [0.1, 0.5, 1.0])
def test_losses_of_ideal_solutions_are_those_of_a_quadrature(density, importance):
    dedicated, antipodal = geometry.ideal_losses(density, importance, nodes=300)
    assert dedicated == pytest.approx(geometry.dedicated_loss(density, importance), rel=1e-4)
    assert antipodal == pytest.approx(geometry.antipodal_loss(density, importance), rel=1e-4)


def test_the_quadrature_is_the_mean_over_sampled_features():
    """300,000 examples of the model itself, as the definition has it; within four standard errors."""
    density, importance, stream = 0.4, 0.3, torch.Generator().manual_seed(2)
    weights, biases = torch.tensor([0.9, -0.7]).double(), torch.tensor([0.1, 0.05]).double()
    drawn = torch.rand(2, 300_000, 2, generator=stream).double()
    inputs = torch.where(drawn[0] < density, drawn[1], 0.0)
    outputs = functional.relu(inputs @ weights[:, None] @ weights[None] + biases)
    losses = (inputs - outputs).square() @ torch.tensor([1.0, importance]).double()
    error = losses.std().item() / len(losses) ** 0.5
    found = geometry.pair_loss(weights, biases, density, importance, nodes=100).item()
    assert abs(found - losses.mean().item()) < 4 * error + 1e-6


@pytest.mark.parametrize(("importance", "known"), [(1.0, 4 / 7), (0.5, 4 / 9), (0.1, 0.16)])
def test_the_exact_boundary_is_where_both_losses_are_equal(importance, known):
    found = geometry.boundary(importance)
    assert found == pytest.approx(known, abs=1e-12)
    cost = geometry.dedicated_loss(found, importance)
    assert cost == pytest.approx(geometry.antipodal_loss(found, importance), abs=1e-12)
    assert geometry.antipodal_loss(0.9 * found, importance) < geometry.dedicated_loss(0.9 * found, importance)
    assert geometry.crossing(importance) == pytest.approx(known, abs=1e-4)


def test_the_best_pair_is_never_worse_than_the_ideal_one_and_switches_later():
    """At r = 0.5: the losses on both sides of the switch, and what a scan over weights and biases finds."""
    found = geometry.best_boundary(0.5)
    assert geometry.boundary(0.5) < found < 0.5
    assert geometry.best_pair(found - 0.02, 0.5) < geometry.ideal_losses(found - 0.02, 0.5, geometry.NODES)[0] - 1e-5
    assert geometry.best_pair(found + 0.02, 0.5) > geometry.ideal_losses(found + 0.02, 0.5, geometry.NODES)[0] - 1e-5
    assert geometry.best_boundary(1.0) == 1.0
    for density in (0.5, 0.7, 0.9):
        assert geometry.best_pair(density, 1.0) < geometry.ideal_losses(density, 1.0, geometry.NODES)[0] - 1e-5
    stream = torch.Generator().manual_seed(3)
    best = geometry.best_pair(0.4, 0.5)
    for _ in range(200):
        w, b = torch.tensor([1.0, -0.9]).double(), torch.tensor([0.05, 0.1]).double()
        moved = [part + 0.1 * torch.randn(2, generator=stream).double() for part in (w, b)]
        assert geometry.pair_loss(*moved, 0.4, 0.5).item() >= best - 1e-9


def test_a_pair_whose_descent_ends_in_one_feature_alone_is_not_ahead(monkeypatch):
    """The same loss but for rounding, at every density: then the switch is where the bisection begins."""
    monkeypatch.setattr(geometry, "best_pair", lambda *given: geometry.ideal_losses(*given)[0] - 1e-9)
    assert geometry.best_boundary(0.5) == pytest.approx(geometry.boundary(0.5), abs=0.01)
