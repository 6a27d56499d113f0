"""Rescaled start: the function stays, the weights move by the distance that is asked for, and units differ.

The function is unchanged by the non-negative homogeneity of the ReLU (Dinh et al. 2017).
"""

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import norm, subtract, tree_map
from robustpath.methods.base import Batch, build
from robustpath.methods.geometry import chain
from robustpath.methods.minima.rescaled_start import rescaled_at_random
from robustpath.methods.orbit import rescaled, rescaled_to_distance
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import bound, context_with, double


def network(hidden, seed=0):
    model = mlp(6, hidden, 3)
    return model, tree_map(torch.Tensor.double, initialise(model, torch.Generator().manual_seed(seed)))


def normal(params, seed):
    generator = torch.Generator().manual_seed(seed)
    return tree_map(lambda x: torch.randn(x.shape, generator=generator, dtype=x.dtype), params)


@pytest.mark.parametrize("hidden", [[2], [30], [7, 4], [8, 8, 8, 8]])
@pytest.mark.parametrize("distance", [0.1, 0.5, 1.0])
def test_the_weights_move_by_the_distance_and_the_function_does_not(hidden, distance):
    model, params = network(hidden)
    inputs = torch.randn(50, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for seed in range(5):
        moved = rescaled_at_random(params, normal(params, seed), double(distance))
        assert (norm(subtract(moved, params)) / norm(params)).item() == pytest.approx(distance, abs=1e-12)
        outputs = [predict(model)(p, inputs) for p in (params, moved)]
        assert torch.allclose(*outputs, rtol=0, atol=1e-10)
        assert not any(torch.equal(moved[name], params[name]) for name in params if name != f"{chain(params)[-1]}.bias")


def test_one_unit_by_hand():
    """w = (1, 1) goes to (exp(t), exp(-t)). At t = log 2 that is (2, 1/2), sqrt(1 + 1/4) away, which is sqrt(5/8) |w|;
    the sign of the rate says which weight grows, and its size does not matter."""
    params = {"0.weight": double([[1.0]]), "2.weight": double([[1.0]])}
    moved = rescaled_to_distance(params, [double([0.3])], double(5 / 8).sqrt())
    assert (moved["0.weight"].item(), moved["2.weight"].item()) == pytest.approx((2.0, 0.5), abs=1e-12)
    moved = rescaled_to_distance(params, [double([-7.0])], double(5 / 8).sqrt())
    assert (moved["0.weight"].item(), moved["2.weight"].item()) == pytest.approx((0.5, 2.0), abs=1e-12)


def test_every_unit_has_its_own_factor_drawn_by_its_ingoing_weights():
    _, params = network([7, 4])
    noise = normal(params, 3)
    moved = rescaled_at_random(params, noise, double(0.5))
    factors = [
        (moved[f"{layer}.bias"] / params[f"{layer}.bias"]).log() / noise[f"{layer}.weight"].mean(1)
        for layer in chain(params)[:-1]
    ]
    assert torch.allclose(torch.cat(factors), factors[0][0].expand(11), rtol=1e-10)
    again = rescaled(params, [factors[0][0] * noise[f"{layer}.weight"].mean(1) for layer in chain(params)[:-1]])
    assert norm(subtract(again, moved)) < 1e-10
    other = rescaled_at_random(params, normal(params, 4), double(0.5))
    assert norm(subtract(other, moved)) > 0.1 * norm(params)


def test_single_precision_reaches_the_distance_too():
    model = mlp(64, [64, 64], 10)
    params = initialise(model, torch.Generator().manual_seed(0))
    noise = tree_map(lambda x: torch.randn(x.shape, generator=torch.Generator().manual_seed(1)), params)
    moved = rescaled_at_random(params, noise, torch.tensor(0.5))
    assert (norm(subtract(moved, params)) / norm(params)).item() == pytest.approx(0.5, rel=1e-5)


def test_parameters_that_are_no_chain_stay():
    params = {"w": double([1.0, 2.0])}
    assert torch.equal(rescaled_at_random(params, params, double(0.5))["w"], params["w"])


def test_it_moves_once_and_waits_as_long_as_a_walk_takes():
    """Equal descent: phases, probe and steps cost what those of the walk do."""
    phases, walk = (build(methods.load(name), {}).phases for name in ("rescaled_start", "contour_warmup"))
    assert [share for share, _ in phases] == [share for share, _ in walk]
    assert phases[0][1].needs == walk[0][1].needs
    model, start = network([7, 4])
    loss, method = mean_cross_entropy(model), bound("rescaled_start", distance=0.25).phases[0][1]
    probe = Batch(torch.ones(4, 6, dtype=torch.float64), torch.tensor([0, 1, 2, 0]))
    params, state, calls = start, method.init(start), []
    for seed in range(3):
        context = context_with(double(0.5), normal(start, seed), probe)
        params, state, info = method.step(
            lambda p, b: calls.append(len(b.labels)) or loss(p, b), params, state, None, context
        )
        assert info["displacement"].item() == pytest.approx(0.25, abs=1e-12)
        assert info["loss"].item() == pytest.approx(loss(start, probe).item(), abs=1e-12)
    expected = rescaled_at_random(start, normal(start, 0), double(0.25))
    assert all(torch.equal(params[name], expected[name]) for name in params)
    assert calls == [4, 4, 4]
