"""JTT: which examples count more, when, and from where the second training begins."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods import load
from robustpath.methods.base import Batch, Context, Method, grad_and_value

from .conftest import double

BATCH = Batch(double([[1.0], [-1.0], [2.0], [-2.0]]), torch.tensor([0, 1, 1, 1]))


def network(params, inputs):
    """Two classes: for a positive w, the first where the input is positive."""
    return torch.cat([params["w"] * inputs, torch.zeros_like(inputs)], 1)


def descent():
    """A base with a rate of .1, which remembers how often it has stepped and at which progress."""

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        return {"w": params["w"] - 0.1 * gradient["w"]}, state + 1, {"loss": value, "progress": context.progress}

    return Method(lambda params: torch.zeros(()), step)


def trained(progress, weight=9.0):
    """w, the base's state and what is reported after each step."""
    method, params = load("jtt").factory(descent(), double(0.5), double(weight)), {"w": double(1.0)}
    state = method.init(params)
    for value in progress:
        params, state, info = method.step(None, params, state, BATCH, Context(double(value), {}, network))
        yield params["w"], state.inner.item(), info


def plain(w, weights):
    """A step of the same rate on the weighted mean."""

    def loss(p, b):
        losses = cross_entropy(network(p, b.inputs), b.labels, reduction="none")
        return (weights * losses).sum() / weights.sum()

    gradient, value = grad_and_value(loss)({"w": w}, BATCH)
    return w - 0.1 * gradient["w"], value


def test_two_trainings():
    """Liu et al. 2021, alg. 1, by hand: with w > 0 the third example alone, 2 of class 1, is an error. The second
    training begins at w = 1 again, and the error counts nine times."""
    (w1, n1, i1), (w2, n2, i2), (w3, n3, i3), (w4, n4, i4) = trained([0.1, 0.3, 0.6, 0.8])
    even, uneven = torch.ones(4, dtype=torch.float64), double([1.0, 1.0, 9.0, 1.0])
    first, loss = plain(double(1.0), even)
    assert (w1.item(), i1["loss"].item()) == pytest.approx((first.item(), loss.item()))
    assert w2.item() == pytest.approx(plain(first, even)[0].item())
    assert w2 > 0
    again, loss = plain(double(1.0), uneven)
    assert (w3.item(), i3["loss"].item()) == pytest.approx((again.item(), loss.item()))
    assert w4.item() == pytest.approx(plain(again, uneven)[0].item())
    assert [n1, n2, n3, n4] == [1, 2, 1, 2], "the base begins afresh"
    assert [each["progress"].item() for each in (i1, i2, i3, i4)] == pytest.approx([0.2, 0.6, 0.2, 0.6])
    assert i3["errors"].item() == i4["errors"].item() == 0.25


def test_the_errors_stay_those_of_the_first_training():
    """In the second training w falls below zero, where other examples would be errors; and nothing else decides."""
    *_, (w, _, info) = trained([0.1] + [0.6] * 60, weight=30.0)
    assert w < 0
    assert info["errors"].item() == 0.25
