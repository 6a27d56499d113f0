"""Perceptrons along rays: kinks and lines by hand, and that nothing bends beyond the last kink."""

import pytest
import torch

from robustpath.theory import rays


def by_hand():
    """f(x) = ReLU(x_1 - 1) - 2 ReLU(x_1 - 3) + ReLU(-x_1 - 5) + 0.5: along +x_1 kinks at 1 and 3, along -x_1 at 5."""
    params = {
        "weights": torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]),
        "biases": torch.tensor([-1.0, -3.0, -5.0]),
        "head": torch.tensor([1.0, -2.0, 1.0]),
        "head_bias": torch.tensor([0.5]),
    }
    return {name: own.double() for name, own in params.items()}


RIGHT, LEFT, UP = (torch.tensor(own, dtype=torch.float64) for own in ([1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]))


def test_kinks_are_where_units_change():
    assert [rays.last_kink(by_hand(), own) for own in (RIGHT, LEFT, UP)] == [3, 5, 0]
    places = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    assert rays.perceptron(by_hand(), places[:, None] * RIGHT).tolist() == [0.5, 0.5, 1.5, 2.5, 1.5]


def test_straightness_is_the_squared_correlation():
    places = torch.linspace(rays.NEAR, rays.FAR, rays.POINTS, dtype=torch.float64)
    values = rays.perceptron(by_hand(), places[:, None] * RIGHT)
    known = torch.corrcoef(torch.stack([places, values]))[0, 1] ** 2
    assert rays.straightness(by_hand(), RIGHT) == pytest.approx(known.item())
    assert rays.straightness(by_hand(), RIGHT) < 0.99
    flat = by_hand() | {"biases": torch.tensor([-1.0, -1.5, -5.0]).double()}
    assert rays.straightness(flat, RIGHT) == pytest.approx(1)


def test_nothing_bends_beyond_the_last_kink_and_something_does_before():
    for seed in range(3):
        params = {name: own.double() for name, own in rays.start("test", seed).items()}
        for direction in rays.directions():
            assert rays.bend(params, direction) < 1e-12
    assert rays.bend(by_hand(), RIGHT) < 1e-12


def test_a_bend_is_seen(monkeypatch):
    monkeypatch.setattr(rays, "last_kink", lambda params, direction: 0.0)
    assert rays.bend(by_hand(), RIGHT) > 0.01


def test_directions_are_units_around_the_circle():
    found = rays.directions()
    torch.testing.assert_close(found.norm(dim=1), torch.ones(rays.RAYS, dtype=torch.float64))
    torch.testing.assert_close(found.sum(0), torch.zeros(2, dtype=torch.float64), atol=1e-12, rtol=0)
    assert found.unique(dim=0).shape[0] == rays.RAYS
