"""Group DRO: two steps by hand, and what a group does that the batch lacks."""

import math

import pytest
import torch

from robustpath.methods.base import Batch, Context

from .conftest import bound, double

ODDS = math.log(3)  # a logit that makes one class three times as likely as the other
BATCH = Batch(double([[0, 0], [0, 0], [ODDS, 0], [ODDS, 0]]), torch.tensor([0, 0, 0, 1]))
GROUPS = Batch(double([[0.0, 0.0]] * 4), torch.tensor([0, 0, 1, 2]))  # two classes and two attributes: 0 to 3
PLAIN = {"momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def network(params, inputs):
    return params["w"] * inputs


def steps(count, **hyperparameters):
    """(w, weights of the four groups, loss) after each of so many steps on the batch, from w = 1."""
    method, params = bound("group_dro", **PLAIN | hyperparameters), {"w": double(1.0)}
    state, found = method.init(params), []
    for _ in range(count):
        context = Context(double(0.0), {"groups": GROUPS}, network)
        params, state, info = method.step(None, params, state, BATCH, context)
        found.append((params["w"].item(), state.weights[:4].tolist(), info["loss"].item()))
        assert not state.weights[4:].any(), "there are four groups"
    return found


def test_the_weights_of_two_steps():
    """kohpangwei/group_DRO at e80fe20, loss.py, compute_robust_loss, by hand: L = (log 2, log 4/3, log 4, 0), since the
    batch lacks the last group, so at rate 1 q is as (2, 4/3, 4, 1), and after another step as (4, 16/9, 16, 1)."""
    (_, first, loss), (_, second, _) = steps(2, group_rate=1.0, learning_rate=0.0)
    assert first == pytest.approx([6 / 25, 4 / 25, 12 / 25, 3 / 25], abs=1e-6)
    assert second == pytest.approx([36 / 205, 16 / 205, 144 / 205, 9 / 205], abs=1e-6)
    assert loss == pytest.approx((6 * math.log(2) + 4 * math.log(4 / 3) + 12 * math.log(4)) / 25, abs=1e-6)


def test_the_step_descends_the_weighted_loss_and_not_the_weights():
    """By hand: dL/dw = (0, -log(3) / 4, 3 log(3) / 4, 0) at w = 1, so the gradient is (-4 + 36) log(3) / 100."""
    (w, _, _), *_ = steps(1, group_rate=1.0, learning_rate=0.1)
    assert w == pytest.approx(1 - 0.1 * 0.32 * ODDS, abs=1e-6)


def test_without_a_rate_it_is_the_mean_over_groups():
    (w, weights, loss), *_ = steps(1, group_rate=0.0, learning_rate=0.1)
    assert weights == [0.25] * 4
    assert loss == pytest.approx((math.log(2) + math.log(4 / 3) + math.log(4)) / 4, abs=1e-6)
    assert w == pytest.approx(1 - 0.1 * 0.125 * ODDS, abs=1e-6)


def test_more_attributes_are_more_groups():
    """With three attributes there are six groups; those that the batch lacks keep their part: 2, 4/3, 4, 1, 1, 1."""
    method, params = bound("group_dro", group_rate=1.0, learning_rate=0.0, **PLAIN), {"w": double(1.0)}
    context = Context(double(0.0), {"groups": GROUPS._replace(inputs=double([[0.0] * 3] * 4))}, network)
    _, state, _ = method.step(None, params, method.init(params), BATCH, context)
    assert state.weights[:7].tolist() == pytest.approx([part / 31 for part in (6, 4, 12, 3, 3, 3, 0)], abs=1e-6)
