"""The replay ball held by an augmented Lagrangian: nothing inside the ball; outside the gradient by hand."""

import pytest
import torch

from robustpath.methods.ways import augmented

from .balls import LOSS, examples, kl, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_inside_the_ball_it_has_no_effect():
    plain = stream(bound("online_sgd", **RATE), 4)
    assert same(stream(bound("ball_augmented", radius=10.0, **RATE), 4).params, plain.params)
    assert not same(stream(bound("ball_augmented", radius=1e-6, **RATE), 4).params, plain.params)


def test_outside_it_pulls_by_weight_and_excess():
    """The gradient of w e + s/(2r) e² is (w + s e/r) times that of d: by hand at the second step."""
    radius, stiffness = 2e-3, 0.5
    method = bound("ball_augmented", radius=radius, stiffness=stiffness, **RATE)
    first = stream(method, 1, batches=1, dtype=torch.float64).params
    second = stream(method, 2, batches=1, dtype=torch.float64).params
    w = {name: tensor.clone().requires_grad_() for name, tensor in first.items()}
    distance = kl(w, start(torch.float64), examples(20, 1001, torch.float64).inputs)
    factor = 1 + stiffness * (distance.item() - radius) / radius
    assert factor > 1.1
    slopes = torch.autograd.grad(LOSS(w, examples(10, 0, torch.float64)) + factor * distance, list(w.values()))
    for (name, tensor), slope in zip(first.items(), slopes, strict=True):
        torch.testing.assert_close(second[name], tensor - 0.1 * slope, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("ratio", "weight"), [(1.5, 3.0), (0.5, 1.0), (0.0, 0.0), (9.0, 4.0)])
def test_the_weight_after_a_batch(ratio, weight):
    """By hand: 2 + 2 max(-1, min(1, d/r - 1)), from 0 up."""
    one = torch.ones(())
    assert augmented(2.0).after(ratio * one, one, 2 * one).item() == pytest.approx(weight)
