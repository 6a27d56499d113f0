"""ASAM: one step by hand, what is measured in units of the weights, and its indifference to their scale."""

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.methods import geometry

from .conftest import NO_BATCH, bound, context_with, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def once(loss, params, **hyperparameters):
    """The parameters after one step, the loss that it reports, and the points where it took the loss."""
    method, places = bound("asam", **PLAIN, **hyperparameters), []

    def recorded(p, batch):
        places.append(tree_map(torch.Tensor.detach, p))
        return loss(p)

    after, _, info = method.step(recorded, params, method.init(params), NO_BATCH, context_with(double(0.0)))
    return after, info["loss"], places


def test_one_step_on_a_parabola():
    """Kwon et al. 2021, alg. 1, by hand: f = w², w = 1, T = 1.01: the climb is 0.5 * 1.01, the slope there 3.01."""
    after, loss, _ = once(lambda p: p["0.weight"].square().sum(), {"0.weight": double([1.0])}, radius=0.5)
    assert after["0.weight"].item() == pytest.approx(0.699, abs=1e-12)
    assert loss.item() == 1.0, "the loss that is reported is the loss at w, not at the top of the climb"


def test_weights_are_measured_by_their_size_and_biases_are_not():
    """SamsungLabs/ASAM: T = |w| + 0.01 for what is named a weight, of either sign, and 1 for what is not."""
    found = geometry.units({"0.weight": double([[2.0, -3.0]]), "0.bias": double([5.0, 0.0])})
    torch.testing.assert_close(found["0.weight"], double([[2.01, 3.01]]))
    assert torch.equal(found["0.bias"], double([1.0, 1.0]))


def test_the_climb_ends_on_the_ellipsoid_where_the_slope_is_steepest():
    """Kwon et al. 2021, eq. 6: the ascent e maximises <g, e> under |e / T| = radius, one norm for all parameters. By
    hand: g = (3, 4), T = (2, 1): T g = (6, 4), e = radius (12, 4) / sqrt(52)."""
    params = {"0.weight": double([1.99]), "0.bias": double([7.0])}
    _, _, (here, top) = once(lambda p: 3 * p["0.weight"].sum() + 4 * p["0.bias"].sum(), params, radius=0.5)
    climb = torch.cat([top[name] - here[name] for name in params])
    torch.testing.assert_close(climb, 0.5 * double([12.0, 4.0]) / 52**0.5, rtol=0, atol=1e-12)


def test_the_climb_does_not_see_a_change_of_scale(monkeypatch):
    """Kwon et al. 2021, definition 1, which needs eta = 0: where weights grow by A and leave the function as it is,
    the climb grows by A too."""
    monkeypatch.setattr(geometry, "ETA", 0.0)
    scale = double([10.0, 0.1, 3.0])

    def loss(w):
        return (w.sin() + w.roll(1) * w).sum()

    weights = double([0.4, -1.0, 0.7])
    _, _, (here, top) = once(lambda p: loss(p["0.weight"]), {"0.weight": weights}, radius=0.3)
    _, _, (there, peak) = once(lambda p: loss(p["0.weight"] / scale), {"0.weight": scale * weights}, radius=0.3)
    climb = top["0.weight"] - here["0.weight"]
    torch.testing.assert_close(peak["0.weight"] - there["0.weight"], scale * climb, rtol=1e-12, atol=0)
    assert climb.abs().min() > 1e-3
