"""The walk that keeps its heading: on a level loss it follows a great circle of the sphere, and one step by hand."""

import math

import pytest
import torch

from robustpath.core.parameters import norm, scale, subtract, unit
from robustpath.methods.base import grad
from robustpath.methods.geometry import tangent

from .conftest import context_with, double
from .walks import half_way_down_digits, normal, phase, wander

AXES = torch.eye(3, dtype=torch.float64)


def level(params, batch):
    return 2 + 0 * params["w"].sum()


@pytest.mark.parametrize(("persistence", "repulsion"), [(0.9, 0.0), (0.0, 0.5), (0.9, 0.5)])
def test_persistence_and_repulsion_each_keep_to_a_great_circle(persistence, repulsion):
    """A step d along the tangent turns w by atan(d); T turns in one plane lead 2 sin(T atan(d)/2) |w| from the start.

    The start, the last direction and the way from the start lie in one plane. Only the first step has noise.
    """
    noises = [{"w": AXES[2]}, {"w": 3 * AXES[1]}, *[{"w": torch.zeros(3, dtype=torch.float64)}] * 18]
    method = phase("persistent_warmup", step_length=0.1, persistence=persistence, repulsion=repulsion)
    path, info = wander(method, level, {"w": 2 * AXES[0]}, noises)
    angle = torch.arange(20) * math.atan(0.1)
    assert torch.allclose(info["displacement"], 2 * (angle / 2).sin().double(), rtol=1e-6)
    assert torch.allclose(path[-1]["w"], 2 * torch.stack([angle[-1].cos(), angle[-1].sin(), 0 * angle[0]]).double())


def test_the_heading_by_hand():
    """u = P (0.6 v + 0.8 n + 0.5 a): v is e2, n = e3 is drawn with length 7, a = w_1 - w_0 has to be normalised, and
    P removes the part along w_1 = (2, 1, 0)/sqrt(5)."""
    noises = [{"w": AXES[2]}, {"w": AXES[1]}, {"w": 7 * AXES[2]}]
    path, _ = wander(
        phase("persistent_warmup", step_length=0.5, persistence=0.6, repulsion=0.5), level, {"w": AXES[0]}, noises
    )
    here = double([2.0, 1.0, 0.0]) / math.sqrt(5)
    away = (here - AXES[0]) / (here - AXES[0]).norm()
    heading = 0.6 * AXES[1] + 0.8 * AXES[2] + 0.5 * away
    heading = heading - (heading @ here) * here
    moved = here + 0.5 * heading / heading.norm()
    assert torch.allclose(path[1]["w"], here, atol=1e-7)
    assert torch.allclose(path[2]["w"], moved / moved.norm(), atol=1e-7)


def test_without_persistence_and_repulsion_it_is_the_random_walk():
    loss, params, probe = half_way_down_digits()
    noises = normal(params, 0, 4)
    straight, _ = wander(
        phase("persistent_warmup", step_length=0.05, persistence=0.0, repulsion=0.0), loss, params, noises, probe
    )
    random, _ = wander(phase("contour_warmup", step_length=0.05), loss, params, noises, probe)
    assert norm(subtract(straight[-1], random[-1])) < 1e-9 * norm(params)


def test_a_refused_step_leaves_the_heading_and_a_taken_one_is_the_next_heading():
    loss, params, probe = half_way_down_digits()
    method, taken = phase("persistent_warmup", step_length=0.6, persistence=0.9, repulsion=0.0), []
    state = method.init(params)
    for noise in normal(params, 1, 6):
        before, here = state, params
        params, state, info = method.step(loss, params, state, None, context_with(double(0.5), noise, probe))
        taken.append(bool(info["accepted"]))
        if not before.measured:
            assert norm(state.last) == 0
        elif not taken[-1]:
            assert all(torch.equal(state.last[key], before.last[key]) for key in params)
        else:
            mixed = {key: 0.9 * before.last[key] + math.sqrt(0.19) * unit(noise)[key] for key in noise}
            expected = unit(tangent(here, grad(loss)(here, probe), mixed))
            assert norm(subtract(state.last, expected)) < 1e-6
    assert 0 < sum(taken[1:]) < 5


def test_it_gets_farther_than_the_random_walk_at_the_same_level():
    """Where the loss hardly varies: small weights, so that all logits are nearly zero."""
    loss, params, probe = half_way_down_digits()
    small = scale(params, double(0.3))
    noises = normal(params, 2, 25)
    ends = {}
    for name in ("persistent_warmup", "contour_warmup"):
        path, info = wander(phase(name, step_length=0.05), loss, small, noises, probe)
        ends[name] = info["displacement"][-1]
        losses = torch.stack([loss(p, probe) for p in path])
        assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
        assert max(abs(norm(p) / norm(small) - 1) for p in path) < 1e-12
    assert ends["contour_warmup"] == pytest.approx(0.05 * math.sqrt(24), rel=0.05)
    assert ends["persistent_warmup"] > 0.9
