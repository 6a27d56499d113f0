"""Batch ball: for a linear model with squared loss it shortens the step and does not turn it."""

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context
from robustpath.methods.distances import logit_l2
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.ways import penalty

from .balls import LAYERS, LOSS, NETWORK, examples, same, start, stream
from .conftest import bound, double

RATE = {"learning_rate": 0.1}


def mean_square(outputs, targets):
    return (outputs[:, 0] - targets).square().mean()


def rows(count, seed):
    """Orthonormal inputs, for which gradient descent converges fast."""
    return torch.linalg.qr(examples(count, seed, torch.float64).inputs.T)[0].T


def linear(p, inputs):
    return inputs @ p["w"][:, None]


def descended(on, weight, inputs, targets, replayed):
    """The parameters after many steps on one batch, from zero."""
    method = hold(bound("online_sgd", learning_rate=0.2), of_logits(logit_l2, on), penalty(double(weight)),
                  criterion=mean_square)  # fmt: skip
    params, batch = {"w": double([0.1, -0.2, 0.3, 0.0, 0.2, 0.1])}, Batch(inputs, targets)
    context = Context(double(0.5), {"replay": Batch(replayed, targets)}, linear)
    state = method.init({"weight": params["w"][None], "bias": params["w"][:1]} if on == "batch" else params)
    state = state._replace(anchor=params)

    def loss(p, b):
        return mean_square(linear(p, b.inputs), b.labels)

    state = method.arrive(loss, params, state, batch, context)
    for _ in range(300):
        params, state, _ = method.step(loss, params, state, batch, context)
    return params["w"] - state.anchor["w"], state.anchor["w"]


@pytest.mark.parametrize("weight", [0.5, 1.0, 4.0])
def test_on_the_batch_it_shortens_the_step(weight):
    """Batches.md's theorem T1: mean |Xw - y|² + weight mean |Xw - Xw0|² has its minimum at w0 + full / (1 + weight),
    full the step to the least-squares solution nearest to w0."""
    inputs, targets = rows(3, 0), double([1.0, -1.0, 0.5])
    moved, before = descended("batch", weight, inputs, targets, inputs)
    full = torch.linalg.pinv(inputs) @ (targets - inputs @ before)
    torch.testing.assert_close(moved, full / (1 + weight), atol=1e-8, rtol=0)


def test_on_replay_it_projects_the_step_into_the_null_space():
    """Batches.md's theorem T2: where the batch and Z leave room, the batch is fitted and nothing drifts on Z: the step
    is N (X N)⁺ (y - X w0), with N the projection into the null space of Z."""
    inputs, replayed = rows(2, 0), rows(2, 5)
    targets = double([1.0, -1.0])
    moved, before = descended("replay", 4.0, inputs, targets, replayed)
    null = torch.eye(6, dtype=torch.float64) - torch.linalg.pinv(replayed) @ replayed
    expected = null @ torch.linalg.pinv(inputs @ null) @ (targets - inputs @ before)
    torch.testing.assert_close(moved, expected, atol=1e-8, rtol=0)
    assert (replayed @ moved).abs().max() < 1e-8


def test_one_step_a_batch_is_that_without_a_ball():
    """Batches.md's theorem T3, bit for bit; the second step on a batch feels the ball."""
    plain = bound("online_sgd", **RATE)
    method = bound("batch_ball", **RATE)
    assert same(stream(method, 1).params, stream(plain, 1).params)
    assert not same(stream(method, 2).params, stream(plain, 2).params)


def test_a_batch_that_is_too_large_is_refused():
    method = bound("batch_ball", **RATE)
    context = Context(torch.tensor(0.5), {}, NETWORK, LAYERS)
    with pytest.raises(UserError, match="at most 128 examples and a batch has 129"):
        method.arrive(LOSS, start(), method.init(start()), examples(129, 0), context)
