"""The contour-parallel walk and its control: level, sphere, topology, and how fast a walk forgets its start.

I2 to I4 are identities of a step along a level set, derived in the docstrings below.
"""

import math
from itertools import pairwise

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import add, norm, scale, subtract, tree_map, unit
from robustpath.methods.base import build, grad
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.contour_warmup import random_tangent
from robustpath.methods.walk import move, walk

from .conftest import context_with, double
from .walks import half_way_down_digits, normal, phase, wander

WARMUPS = ["contour_warmup", "isotropic_warmup"]


@pytest.fixture(scope="module")
def digits():
    return half_way_down_digits()


@pytest.mark.parametrize("name", WARMUPS)
def test_a_quarter_of_the_budget_is_walked_and_the_rest_is_the_base(name):
    """The walk is a warm-up: a phase of fixed share, followed by the reference with its own hyperparameters."""
    spec = methods.load(name)
    (share, first), (rest, second) = build(spec, {"learning_rate": double(0.3), "warmup": double(0.0)}).phases
    assert (share, rest) == (0.25, 0.75)
    assert first.needs == {"noise": 1, "probe": 128}
    base = build(methods.load("sgd"), {"learning_rate": double(0.3), "warmup": double(0.0)})
    params, context = {"w": double([1.0, -2.0])}, context_with(double(0.4))
    ends = [
        method.step(lambda p, b: norm(p) ** 2, params, method.init(params), None, context)[0]["w"]
        for method in (second, base)
    ]
    assert torch.equal(*ends)
    assert not torch.equal(ends[0], params["w"])


def test_the_two_warmups_differ_in_nothing_but_the_direction():
    """C3, the control of the projection: hyperparameters and phases are those of the method."""
    contour, isotropic = (methods.load(name) for name in WARMUPS)
    assert contour.search == isotropic.search
    assert contour.own_search == isotropic.own_search


@pytest.mark.parametrize("name", WARMUPS)
def test_the_first_step_measures_and_every_step_costs_one_loss_of_the_probe(name, digits):
    loss, params, probe = digits
    calls = []

    def counted(p, batch):
        calls.append(batch)
        return loss(p, batch)

    path, info = wander(phase(name, step_length=0.05), counted, params, normal(params, 0, 4), probe)
    assert len(calls) == 4
    assert all(torch.equal(path[0][key], params[key]) for key in params)
    assert info["loss"][0] == loss(params, probe)
    assert info["displacement"][0] == info["level_error"][0] == 0
    assert (info["displacement"][1:] > 0.04).all()


def test_the_direction_of_the_method_is_the_tangent_and_of_the_control_the_noise(digits):
    loss, params, probe = digits
    noises = normal(params, 1, 2)
    tangential = tangent(params, grad(loss)(params, probe), noises[1])
    for name, direction in zip(WARMUPS, (tangential, noises[1]), strict=True):
        path, _ = wander(phase(name, step_length=0.05), loss, params, noises, probe)
        moved = add(params, scale(unit(direction), 0.05 * norm(params)))
        expected = scale(moved, norm(params) / norm(moved))
        assert norm(subtract(path[1], expected)) < 1e-12 * norm(params)


def test_what_projecting_a_random_direction_removes():
    """I2: on the unit sphere <g, u> has the variance |g|²/n, the first-order change of the loss that a tangent avoids.

    L = 5 + <a, w> with w orthogonal to a, so that the sphere changes nothing to first order.
    """
    count, size, length = 4000, 50, 0.01
    slope = torch.linspace(-1, 2, size, dtype=torch.float64)
    start = {"w": subtract({"w": torch.ones_like(slope)}, {"w": slope * slope.sum() / (slope @ slope)})["w"]}
    noises = torch.randn(count, size, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def change(name, noise):
        _, info = wander(phase(name, step_length=length), lambda p, b: 5 + slope @ p["w"], start, [{"w": noise}] * 2)
        return info["loss"][1] - info["loss"][0]

    tangential, isotropic = (torch.vmap(lambda noise, name=name: change(name, noise))(noises) for name in WARMUPS)
    expected = length * norm(start) * slope.norm() / math.sqrt(size)
    assert isotropic.square().mean().sqrt() == pytest.approx(expected.item(), rel=0.04)
    assert tangential.abs().max() < 1e-14


def half_square(params, batch):
    return 0.5 * (params["w"] ** 2).sum()


def test_a_tangent_step_and_a_correction_leave_the_circle_by_a_fourth_order_term():
    """I3: on L = |w|²/2 a step d along the tangent reaches r² + d², and the Newton step after it
    (r² + d²)(1 - d²/(2 (r² + d²)))² = r² + d⁴/(4 (r² + d²)): 1.00002475 for r = 1, d = 0.1.

    z, on which the loss does not depend, is so large that the sphere of (w, z) is flat; no noise is no step.
    """
    params = {"w": double([1.0, 0.0]), "z": double([1e4])}
    tangential, none = {"w": double([0.3, 2.0]), "z": double([0.0])}, tree_map(torch.zeros_like, params)
    path, info = wander(phase("contour_warmup", step_length=1e-5), half_square, params, [none, tangential, none])
    assert info["accepted"].all()
    assert path[1]["w"].square().sum() == pytest.approx(1.01, abs=1e-8)
    assert path[2]["w"].square().sum() == pytest.approx(1.00002475, abs=1e-8)


def test_a_walk_on_a_sphere_forgets_its_start_at_the_rate_of_its_steps():
    """I3: every step has the cosine (1 + d²)^(-1/2) to the last, so T of them have (1 + d²)^(-T/2) to the start on
    average: 0.370 for d = 0.1 and T = 200; in 1000 dimensions one walk has a standard deviation of 0.03."""
    start = {"w": torch.ones(1000, dtype=torch.float64)}
    noises = torch.randn(201, 8, 1000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    method = phase("contour_warmup", step_length=0.1)

    def last(own_noises):
        path, info = wander(method, half_square, start, [{"w": noise} for noise in own_noises])
        return path[-1]["w"], info["step_length"], info["displacement"][-1]

    ends, lengths, displacements = torch.vmap(last, in_dims=1)(noises)
    cosines = ends @ start["w"] / (ends.norm(dim=1) * start["w"].norm())
    assert torch.equal(lengths, torch.full_like(lengths, 0.1))
    assert cosines.mean() == pytest.approx(1.01**-100, abs=0.03)
    assert cosines.std() < 0.08
    assert torch.allclose(displacements, (2 - 2 * cosines).sqrt(), rtol=1e-9)


def test_a_walk_below_the_barrier_stays_in_its_valley():
    """I4: {(x² - 1)² + y² = c} is two closed curves for c < 1, with |x| >= sqrt(1 - sqrt(c)) = 0.0708 at c = 0.99, and
    one for c > 1, which reaches from x < 0 to x = sqrt(1 + sqrt(c)) = 1.416 at c = 1.01. z is as above."""

    def loss(params, batch):
        x, y = params["v"]
        return (x**2 - 1) ** 2 + y**2

    def round_the_curve(level):
        start = torch.stack([-(1 + level.sqrt()).sqrt(), torch.zeros_like(level)])
        params = {"v": start, "z": torch.full_like(start[:1], 1e4)}
        method = walk(random_tangent, double(1e-6), tolerance=1e-3)
        state, xs = method.init(params), []
        for _ in range(700):
            slope = grad(loss)(params, None)["v"]
            noise = {"v": torch.stack([-slope[1], slope[0]]), "z": torch.zeros_like(params["z"])}
            params, state, _ = method.step(loss, params, state, None, context_with(double(0.5), noise))
            xs.append(params["v"][0])
        return torch.stack(xs)

    below, above = torch.vmap(round_the_curve)(double([0.99, 1.01]))
    assert below.min() == pytest.approx(-1.4124, abs=5e-3)
    assert below.max() == pytest.approx(-0.0708, abs=5e-3)
    assert above.min() == pytest.approx(-1.4159, abs=5e-3)
    assert above.max() == pytest.approx(1.4159, abs=5e-3)


@pytest.mark.parametrize("name", WARMUPS)
def test_level_and_sphere_are_kept_by_a_long_walk_on_digits(name, digits):
    """H0, a valid walk: it gets far while the loss stays within the tolerance, by refusing the steps that leave it."""
    loss, start, probe = digits
    path, info = wander(phase(name, step_length=0.15), loss, start, normal(start, 4, 60), probe)
    losses = torch.stack([loss(params, probe) for params in path])
    assert torch.allclose(info["loss"], losses, rtol=1e-12)
    assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
    assert torch.allclose(info["level_error"], (losses - losses[0]).abs() / losses[0], atol=1e-12)
    assert max(abs(norm(params) / norm(start) - 1) for params in path) < 1e-12
    assert info["displacement"][-1] > 0.3

    refused = info["accepted"] == 0
    assert 3 <= refused.sum() <= 40
    stays = torch.tensor([torch.equal(a["1.weight"], b["1.weight"]) for a, b in pairwise(path)])
    assert torch.equal(stays, refused[1:])
    after = torch.where(refused, info["step_length"] / 2, (1.2 * info["step_length"]).clamp_max(0.15))
    assert torch.allclose(info["step_length"][1:], after[:-1], rtol=1e-6)


def test_a_refused_step_leaves_the_gradient_of_the_point_that_is_kept(digits):
    loss, params, probe = digits
    method = phase("contour_warmup", step_length=0.6)
    state, refused = method.init(params), 0
    for noise in normal(params, 6, 4):
        params, state, info = method.step(loss, params, state, None, context_with(double(0.5), noise, probe))
        refused += int(info["accepted"] == 0)
        here = grad(loss)(params, probe)
        assert all(torch.allclose(state.gradient[key], here[key], rtol=0, atol=1e-15) for key in here)
    assert refused >= 2


def test_the_correction_is_no_longer_than_the_step():
    """Where the gradient vanishes Newton's step to the level is infinite: the walk goes on, in single precision too."""
    params, ahead = {"w": torch.tensor([3.0, 4.0])}, {"w": torch.tensor([0.8, -0.6])}
    length = torch.tensor(0.5)
    flat = move(params, ahead, length, {"w": torch.zeros(2)}, torch.tensor(1e3))
    assert torch.allclose(flat["w"], torch.tensor([3.4, 3.7]) * 5 / math.hypot(3.4, 3.7))
    gentle = move(params, ahead, length, {"w": torch.tensor([0.0, 1e-3])}, torch.tensor(1e3))
    assert torch.allclose(gentle["w"], torch.tensor([3.4, 3.2]) * 5 / math.hypot(3.4, 3.2))


@pytest.mark.parametrize("name", WARMUPS)
def test_a_flat_loss_is_walked_without_a_nan(name):
    start = {"w": torch.ones(4)}
    path, info = wander(phase(name, step_length=0.1), lambda p, b: 0 * p["w"].sum() + 2, start, normal(start, 5, 5))
    assert all(params["w"].isfinite().all() for params in path)
    assert info["accepted"].all()
    assert (info["displacement"][1:] > 0.01).all()
