"""ESH dynamics: the closed form of a turn against its differential equation, and the energy that the leapfrog keeps.

Ver Steeg & Galstyan 2021; the time is scaled so that the speed is one.
"""

import math
from itertools import pairwise

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import norm, scale, subtract, unit
from robustpath.methods.base import Batch, build
from robustpath.methods.minima.esh import turned

from .conftest import bound, context_with, double

PROBE = Batch(torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.int64))


def vectors(count, size, seed=0):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def integrated(velocity, downhill, strength, steps=2000):
    """(u, log|v|) of du/dD = e - <u, e> u, dlog|v|/dD = <u, e> by the classical Runge-Kutta method of order four."""

    def rate(state):
        along = state[:-1] @ downhill
        return torch.cat([downhill - along * state[:-1], along[None]])

    state, h = torch.cat([velocity, torch.zeros(1, dtype=torch.float64)]), strength / steps
    for _ in range(steps):
        a = rate(state)
        b = rate(state + h / 2 * a)
        c = rate(state + h / 2 * b)
        state = state + h / 6 * (a + 2 * b + 2 * c + rate(state + h * c))
    return state[:-1], state[-1]


@pytest.mark.parametrize("strength", [0.01, 0.7, 4.0])
def test_the_closed_form_solves_the_differential_equation(strength):
    """To 1e-6, for a direction that starts at random, for one nearly uphill and for one that is downhill."""
    gradient = vectors(1, 5)[0]
    downhill = -gradient / gradient.norm()
    starts = [vectors(1, 5, 1)[0], 1e-3 * vectors(1, 5, 2)[0] - downhill, downhill]
    for velocity in [start / start.norm() for start in starts]:
        found, gain = turned({"w": velocity}, {"w": gradient}, double(strength))
        expected, speed = integrated(velocity, downhill, strength, steps=200)
        assert (found["w"] - expected).abs().max() < 1e-6
        assert gain.item() == pytest.approx(speed.item(), abs=1e-6)


def test_two_turns_one_after_the_other_are_one_turn():
    """The flow is a semigroup: a leapfrog may split a turn in two."""
    velocity, gradient = ({"w": vector} for vector in vectors(2, 7, 3))
    first, gain = turned(unit(velocity), gradient, double(0.3))
    second, rest = turned(first, gradient, double(0.9))
    whole, total = turned(unit(velocity), gradient, double(1.2))
    assert torch.allclose(second["w"], whole["w"], rtol=0, atol=1e-12)
    assert (gain + rest).item() == pytest.approx(total.item(), abs=1e-12)


def test_straight_uphill_no_gradient_and_a_long_time_are_finite():
    """Uphill is a fixed point, if an unstable one; cosh(1000) overflows, in single precision and in double."""
    downhill = {"w": torch.tensor([0.6, 0.8])}
    gradient = scale(downhill, torch.tensor(-2.0))
    uphill, gain = turned(scale(downhill, torch.tensor(-1.0)), gradient, torch.tensor(0.5))
    assert torch.allclose(uphill["w"], -downhill["w"])
    assert gain.item() == pytest.approx(-0.5, abs=1e-6)
    sideways = {"w": torch.tensor([-0.8, 0.6])}
    down, gain = turned(sideways, gradient, torch.tensor(1000.0))
    assert torch.allclose(down["w"], downhill["w"])
    assert gain.item() == pytest.approx(1000 - math.log(2), rel=1e-6)
    same, gain = turned(sideways, {"w": torch.zeros(2)}, torch.tensor(0.0))
    assert torch.allclose(same["w"], sideways["w"])
    assert gain == 0


def bowl(params, batch):
    """A quadratic of 20 curvatures from 0.5 to 2."""
    return 0.5 * (torch.linspace(0.5, 2, 20, dtype=torch.float64) * params["w"] ** 2).sum()


def travel(steps, *, loss=bowl, start=None, **hyperparameters):
    """The walk's places from the first on, and what it reports."""
    method = bound("esh", **hyperparameters).phases[0][1]
    params = {"w": vectors(1, 20, 4)[0] if start is None else start}
    state, path, infos = method.init(params), [params], []
    for noise in vectors(steps, 20, 5):
        context = context_with(double(0.5), {"w": noise}, PROBE)
        params, state, info = method.step(loss, params, state, None, context)
        path.append(params)
        infos.append(info)
    return path, {key: torch.stack([info[key] for info in infos]) for key in infos[0]}


def test_the_total_energy_is_constant_while_the_loss_is_not():
    """H = L/T + d log|v| with T d = 2 tau L(w_0) is, in units of d/2, L/(tau L(w_0)) + 2 log|v|: the dynamics keep it,
    and the leapfrog does to second order, so half the step length leaves a quarter of the error."""
    errors = []
    for step_length, steps in ((0.05, 200), (0.025, 400)):
        path, info = travel(steps, step_length=step_length, temperature=0.5)
        assert info["energy"][0].item() == pytest.approx(2.0, rel=1e-12)
        assert info["loss"].max() > 2 * info["loss"].min()
        assert torch.allclose(info["loss"], torch.stack([bowl(place, None) for place in path[:-1]]), rtol=1e-12)
        errors.append((info["energy"] - 2).abs().max().item())
    assert errors[0] < 0.05
    assert 3 < errors[0] / errors[1] < 5


def test_every_move_has_one_length_and_the_first_goes_along_the_noise_turned_downhill():
    path, info = travel(30, step_length=0.04, temperature=0.5)
    lengths = torch.stack([norm(subtract(b, a)) for a, b in pairwise(path)])
    assert torch.allclose(lengths, 0.04 * norm(path[0]).expand(30), rtol=1e-12)
    assert info["displacement"][-1].item() == pytest.approx((norm(subtract(path[-1], path[0])) / norm(path[0])).item())
    gradient = {"w": torch.linspace(0.5, 2, 20, dtype=torch.float64) * path[0]["w"]}
    half = 0.04 * norm(path[0]) * norm(gradient) / (4 * 0.5 * bowl(path[0], None))
    ahead, _ = turned(unit({"w": vectors(30, 20, 5)[0]}), gradient, half)
    assert torch.allclose(path[1]["w"] - path[0]["w"], 0.04 * norm(path[0]) * ahead["w"], rtol=0, atol=1e-12)


def test_without_slope_it_goes_straight():
    path, info = travel(5, loss=lambda p, b: 0 * p["w"].sum() + 3.0, step_length=0.1)
    assert (path[5]["w"] - path[0]["w"]).norm().item() == pytest.approx(0.5 * norm(path[0]).item(), rel=1e-12)
    assert torch.equal(info["energy"], info["energy"][:1].expand(5))


def test_it_is_a_warm_up_at_the_cost_of_our_walks():
    """One gradient a step on the same probe, for the same share of the budget, then the base."""
    (share, first), (rest, second) = build(methods.load("esh"), {"learning_rate": double(0.3)}).phases
    walk = build(methods.load("contour_warmup"), {}).phases[0]
    assert (share, rest, first.needs) == (walk[0], 1 - walk[0], walk[1].needs)
    calls = []
    method = bound("esh").phases[0][1]
    params = {"w": double([1.0, -2.0])}
    context = context_with(double(0.1), {"w": double([0.3, 0.1])}, PROBE)
    method.step(lambda p, b: calls.append(len(b.labels)) or norm(p) ** 2, params, method.init(params), None, context)
    assert calls == [len(PROBE.labels)]
    assert second.needs == {}
