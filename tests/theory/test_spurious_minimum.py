"""Yun, Sra & Jadbabaie 2019: their minima are what the theorems say, and runs that leave them are timed rightly."""

import math

import pytest
import torch

from robustpath.methods.base import Batch
from robustpath.theory import spurious_minimum as case
from robustpath.theory.escape import Problem, escape
from robustpath.theory.table import ESCAPE

POINTS = {"ReLU": (torch.relu, case.relu_points()), "sigmoid": (torch.sigmoid, case.sigmoid_points())}
# Nonzero curvatures at the local minima, computed apart from this package.
CURVATURES = {"ReLU": [0.05556, 9.25], "sigmoid": [0.01877, 0.04846, 3.5676]}


@pytest.mark.parametrize("name", POINTS)
def test_theorem_2_a_local_minimum_at_a_third_and_a_global_one_at_zero(name):
    activation, (local, best) = POINTS[name]
    data, loss = case.theorem_2_data(), case.risk(activation)
    slope, curvatures = case.stationarity(loss, local, data)
    assert loss(local, data).item() == pytest.approx(1 / 3, abs=1e-12)
    assert loss(best, data).item() == pytest.approx(0, abs=1e-12)
    assert torch.allclose(case.network(activation)(local, data.inputs), torch.tensor(1 / 3, dtype=torch.float64))
    assert slope < 1e-12
    assert curvatures.min() >= -1e-10
    assert curvatures[curvatures > 1e-6].tolist() == pytest.approx(CURVATURES[name], rel=2e-4)


@pytest.mark.parametrize("name", POINTS)
def test_no_point_near_the_local_minimum_is_lower(name):
    activation, (local, _) = POINTS[name]
    data, loss = case.theorem_2_data(), case.risk(activation)
    generator = torch.Generator().manual_seed(0)
    radii = 0.1 if name == "sigmoid" else 0.5
    steps = torch.randn(20_000, 9, generator=generator, dtype=torch.float64)
    steps = radii * torch.rand(20_000, 1, generator=generator) * steps / steps.norm(dim=1, keepdim=True)
    pieces = dict(zip(local, steps.split([4, 2, 2, 1], dim=1), strict=True))
    around = {key: value + pieces[key].reshape(-1, *value.shape) for key, value in local.items()}
    assert torch.vmap(lambda params: loss(params, data))(around).min() >= 1 / 3 - 1e-12


def test_theorem_1_the_line_is_a_minimum_and_a_bent_line_is_better():
    data = Batch(case.double([[0.0], [1.0], [2.0], [3.0]]), case.double([[0.0], [0.0], [1.0], [3.0]]))
    loss = case.risk(torch.relu)
    local, better = case.theorem_1(data, 1.0, 0.0)
    assert loss(local, data).item() == pytest.approx(0.5, abs=1e-12)
    assert loss(better, data).item() == pytest.approx(0.375, abs=1e-12)


@pytest.mark.parametrize("slopes", [(1.0, 0.0), (1.0, 0.1), (0.5, 2.0), (1.0, -0.3)])
@pytest.mark.parametrize("seed", range(3))
def test_theorem_1_on_any_data_and_any_slopes(slopes, seed):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    data = Batch(inputs, torch.randn(12, 1, generator=generator, dtype=torch.float64))
    loss = case.risk(case.leaky(*slopes))
    fit = torch.linalg.lstsq(torch.cat([inputs, torch.ones(12, 1)], 1), data.labels)
    least = 0.5 * (data.labels - torch.cat([inputs, torch.ones(12, 1)], 1) @ fit.solution).square().sum()
    for alpha in (1.0, 3.0):
        local, better = case.theorem_1(data, *slopes, alpha)
        slope, curvatures = case.stationarity(loss, local, data)
        assert loss(local, data).item() == pytest.approx(least.item(), rel=1e-10)
        assert slope < 1e-9
        assert curvatures.min() >= -1e-8
        assert loss(better, data) < least - 1e-6


def half_square(params, batch):
    return 0.5 * params["w"].square().sum()


def start(*values):
    return {"w": torch.tensor(values, dtype=torch.float64)[:, None]}


PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
ONE = Batch(torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
PARABOLA = Problem(half_square, ONE)


def by_hand(value, bound, steps):
    """Steps of gradient descent on w²/2 with learning rate 0.1 and half a cosine until the loss is below the bound."""
    for step in range(steps):
        value *= 1 - 0.1 * 0.5 * (1 + math.cos(math.pi * (step + 0.5) / steps))
        if 0.5 * value**2 < bound:
            return step + 1
    return math.inf


def test_the_first_time_below_a_bound_is_that_of_the_iteration_by_hand():
    found = escape("sgd", PARABOLA, start(1.0, 2.0, 0.1), [(0,), (1,), (2,)], (0.1, 1e-3, 1e-30), 60, PLAIN)
    for row, bound in enumerate((0.1, 1e-3, 1e-30)):
        expected = [by_hand(1.0, bound, 60), by_hand(2.0, bound, 60), 0 if bound == 0.1 else by_hand(0.1, bound, 60)]
        assert found.first[row].tolist() == expected
    assert found.first[2].isinf().all()


def test_a_step_of_two_gradients_counts_twice():
    radius_zero = PLAIN | {"radius": 0.0}
    found = escape("sam", PARABOLA, start(1.0), [(0,)], (0.1,), 120, radius_zero)
    assert found.first.item() == 2 * by_hand(1.0, 0.1, 60)


def test_phases_are_counted_and_the_noise_of_a_member_is_its_own():
    problem = Problem(case.risk(torch.relu), case.theorem_2_data(), case.network(torch.relu))
    local = case.relu_points()[0]
    keys = [("a", 0), ("a", 1), ("a", 2)]
    stacked = {name: torch.stack([value] * 3) for name, value in local.items()}
    together = escape("contour_warmup", problem, stacked, keys, (0.3,), 40, {})
    for position, key in enumerate(keys):
        alone = {name: value[None].repeat(2, *[1] * value.dim()) for name, value in local.items()}
        found = escape("contour_warmup", problem, alone, [key] * 2, (0.3,), 40, {})
        assert found.final[0] == together.final[position]
        assert found.first[0, 0] == together.first[0, position]
    assert len(set(together.final.tolist())) == 3


def test_a_member_that_explodes_stands_still_and_is_marked():
    wild = {"learning_rate": 1e30, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
    steep = Problem(lambda params, batch: params["w"].square().square().sum(), ONE)
    found = escape("sgd", steep, start(1.0, 0.0), [(0,), (1,)], (1e-9,), 50, wild)
    assert found.diverged.tolist() == [True, False]
    assert found.first[0].tolist() == [math.inf, 0.0]


def test_descent_never_leaves_the_exact_minimum_and_all_is_on_record():
    settings = {"methods": ["sgd", "contour_warmup"], "noise": [0.0, 1.0], "seeds": 4, "steps": 60}
    table = case.run(settings)
    escapes = table[table["quantity"] == ESCAPE]
    assert len(escapes) == 2 * 2 * 4
    stuck = escapes[(escapes["method"] == "sgd") & (escapes["landscape"] == "ReLU, start noise 0")]
    assert stuck["value"].tolist() == [math.inf] * 4
    known = table[table["expected"].notna()]
    assert (known["value"] - known["expected"]).abs().max() < 1e-12
    assert (known["source"] != "").all()
    again = case.run(settings)
    assert again.equals(table)
