"""Batch feature ball: the second step on a batch by hand, the first without a ball."""

import torch

from .balls import LOSS, examples, over_layers, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def relative(now, then):
    return ((now - then) ** 2).sum() / (then**2).sum()


def test_the_second_step_by_hand():
    method = bound("batch_feature_ball", weight=2.0, **RATE)
    first = stream(method, 1, batches=1, dtype=torch.float64).params
    second = stream(method, 2, batches=1, dtype=torch.float64).params
    w, batch = {name: tensor.clone().requires_grad_() for name, tensor in first.items()}, examples(10, 0, torch.float64)
    value = LOSS(w, batch) + 2 * over_layers(relative)(w, start(torch.float64), batch.inputs)
    for (name, tensor), slope in zip(first.items(), torch.autograd.grad(value, list(w.values())), strict=True):
        torch.testing.assert_close(second[name], tensor - 0.1 * slope, atol=1e-9, rtol=0)


def test_one_step_a_batch_is_that_without_a_ball():
    plain = bound("online_sgd", **RATE)
    method = bound("batch_feature_ball", **RATE)
    assert same(stream(method, 1).params, stream(plain, 1).params)
    assert not same(stream(method, 2).params, stream(plain, 2).params)
