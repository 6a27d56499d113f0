"""Twin ball: both gradients are added, and each ball alone is the method of its name."""

import pytest
import torch

from .balls import LOSS, examples, kl, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def close(found, expected):
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=1e-12, rtol=0)


def test_without_one_ball_it_is_the_other():
    batch = stream(bound("batch_ball", weight=3.0, **RATE), 3, dtype=torch.float64)
    slow = stream(bound("slow_ball", weight=10.0, age=0.9, **RATE), 3, dtype=torch.float64)
    found = {
        weights: stream(
            bound("twin_ball", weight=weights[0], batch_weight=weights[1], age=0.9, **RATE), 3, dtype=torch.float64
        ).params
        for weights in ((0.0, 3.0), (10.0, 0.0))
    }
    close(found[0.0, 3.0], batch.params)
    close(found[10.0, 0.0], slow.params)


def test_both_gradients_are_added():
    """By PyTorch's differentiation of the whole loss at the second step of the second batch."""
    method = bound("twin_ball", weight=2.0, batch_weight=3.0, age=1.0, **RATE)
    course = stream(method, 2, batches=1, dtype=torch.float64)
    one = course.params  # the end of the first batch
    first = stream(method, 1, batches=1, dtype=torch.float64).params  # one step before
    begin = start(torch.float64)
    w = {name: tensor.clone().requires_grad_() for name, tensor in first.items()}
    batch, replayed = examples(10, 0, torch.float64), examples(20, 1001, torch.float64).inputs
    value = LOSS(w, batch) + 2 * kl(w, begin, replayed) + 3 * kl(w, begin, batch.inputs)
    slopes = torch.autograd.grad(value, list(w.values()))
    assert course.infos[1]["distance"].item() == pytest.approx(kl(first, begin, replayed).item(), abs=1e-12)
    assert course.infos[1]["batch_distance"].item() == pytest.approx(kl(first, begin, batch.inputs).item(), abs=1e-12)
    close(one, {name: first[name] - 0.1 * slope for name, slope in zip(w, slopes, strict=True)})


def test_one_step_a_batch_from_centres_before_it_is_that_without_balls():
    plain = stream(bound("online_sgd", **RATE), 1)
    assert same(stream(bound("twin_ball", age=0.0, **RATE), 1).params, plain.params)
