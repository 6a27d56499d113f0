"""What a budget becomes: counted costs, kept moments, and methods that ask for too small a network."""

import pytest
import torch

from robustpath import methods
from robustpath.core.errors import UserError
from robustpath.engine.plan import Moment, Stage, moments, plan, step_cost
from robustpath.methods.base import Batch, Method, grad, register, uniform
from robustpath.methods.walk import steepness
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

MODEL = mlp(6, [10], 4)
START = initialise(MODEL, torch.Generator().manual_seed(1))
BATCH = Batch(torch.ones(16, 6), torch.arange(16) % 4)


def cost(calls, **wishes):
    def step(loss, params, state, batch, context):
        calls(loss, params, batch, context)
        return params, state, {"loss": torch.zeros(())}

    method = Method(lambda params: (), step, **wishes)
    return step_cost(method, mean_cross_entropy(MODEL), START, BATCH, predict(MODEL))


def copies(params, count):
    return {name: tensor.expand(count, *tensor.shape) for name, tensor in params.items()}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (lambda loss, p, b, c: c.network(p, b.inputs), 1 / 3),
        (lambda loss, p, b, c: grad(lambda q: c.network(q, b.inputs).sum())(p), 1.0),
        (lambda loss, p, b, c: torch.vmap(lambda q: loss(q, b))(copies(p, 3)), 3 / 3),
        (lambda loss, p, b, c: torch.vmap(lambda q: grad(loss)(q, b))(copies(p, 3)), 3.0),
        (lambda loss, p, b, c: grad(lambda q: torch.vmap(lambda r: loss(r, b))(copies(q, 3)).sum())(p), 3.0),
        (lambda loss, p, b, c: steepness(loss, p, b), 3.0),
        (lambda loss, p, b, c: steepness(loss, p, c.given["probe"]), 9.0),
        (lambda loss, p, b, c: torch.func.jvp(lambda q: grad(loss)(q, b), (p,), (p,)), 3.0),
        (lambda loss, p, b, c: torch.vmap(lambda q: steepness(loss, q, b))(copies(p, 2)), 6.0),
        (lambda loss, p, b, c: (loss(p, c.given["probe"]), loss(p, c.given["holdout"])), 48 / 16 / 3 + 8 / 16 / 3),
    ],
    ids=[
        "network",
        "its gradient",
        "three forward",
        "three gradients",
        "gradient of three",
        "Hessian product",
        "of the probe",
        "forward over reverse",
        "two Hessian products",
        "probe and hold-out",
    ],
)
def test_every_pass_is_counted_once_a_model_and_example(calls, expected):
    assert cost(calls, needs={"probe": 48, "holdout": 8}) == pytest.approx(expected)


def test_noise_comes_one_tree_or_several_above_each_other():
    shapes = []
    for count in (1, 5):
        cost(lambda loss, p, b, c: shapes.append(c.given["noise"]["1.bias"].shape), needs={"noise": count})
    assert shapes == [(10,), (5, 10)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("contour_warmup", [False, True]),
        ("contour_cooldown", [True, False]),
        ("sam", [False]),
        ("sgd", [False]),
        ("linear_warmup", [False]),
    ],
)
def test_a_phase_that_is_the_base_is_known(name, expected):
    stages = plan(methods.load(name), mean_cross_entropy(MODEL), START, BATCH, 800, predict(MODEL))
    assert [stage.of_base for stage in stages] == expected


STAGES = [Stage(0, 5, 4.0, 0, 0), Stage(1, 80, 1.0, 0, 0)]


def test_without_points_the_ends_of_all_phases_but_the_last_are_kept():
    assert moments(STAGES, 0) == [Moment(0, 5, 20.0)]
    assert moments(STAGES[1:], 0) == []


def test_points_are_equally_spaced_in_gradient_evaluations_from_start_to_end():
    kept = moments(STAGES, 11)
    assert kept[0] == Moment(0, 0, 0.0)
    assert kept[-1] == Moment(1, 80, 100.0)
    assert Moment(0, 5, 20.0) in kept
    assert [moment.spent for moment in kept] == pytest.approx([10 * k for k in range(11)], abs=2)
    assert len({(moment.stage, moment.step) for moment in kept}) == len(kept)
    assert not [moment for moment in kept if moment.stage == 1 and moment.step == 0]


def test_a_network_too_large_for_a_method_is_refused():
    @register(search={"rate": uniform(0, 1, default=0.5)}, largest=10)
    def small(rate):
        return methods.load("sgd").factory

    with pytest.raises(
        UserError, match=r"small is meant for at most 10 parameters and the network has 114; take it off"
    ):
        plan(small.spec, mean_cross_entropy(MODEL), START, BATCH, 10)


def test_a_budget_in_steps_is_shared_by_phases_of_any_cost():
    """sam takes two gradients a step; the walk of contour_warmup has a quarter of the steps."""
    for name, steps in (("sam", [40]), ("contour_warmup", [10, 30])):
        stages = plan(methods.load(name), mean_cross_entropy(MODEL), START, BATCH, 40, predict(MODEL), in_steps=True)
        assert [stage.steps for stage in stages] == steps
        spending = plan(methods.load(name), mean_cross_entropy(MODEL), START, BATCH, 4000, predict(MODEL))
        assert [stage.cost for stage in stages] == [stage.cost for stage in spending] != [1.0]
    with pytest.raises(UserError, match=r"budget of 3 steps is too small for contour_warmup: phase 1 .*costs 1; raise"):
        plan(methods.load("contour_warmup"), mean_cross_entropy(MODEL), START, BATCH, 3, predict(MODEL), in_steps=True)
