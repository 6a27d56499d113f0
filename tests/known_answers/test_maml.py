"""MAML on a stream: the gradient through a step on half of the batch."""

import pytest
import torch

from robustpath.methods.base import Batch, Context
from robustpath.methods.batches import maml as module

from .conftest import bound, double

CURVATURE, RATE, INNER = 2.0, 0.1, 0.3


def stepped(inputs, start=1.0):
    """One step on the mean of h (w - x)² / 2 over the batch, and the loss that it reports."""

    def loss(params, batch):
        return CURVATURE * (params["w"] - batch.inputs).square().mean() / 2

    batch = Batch(double(inputs), torch.zeros(len(inputs), dtype=torch.int64), torch.arange(len(inputs)))
    method = bound("maml", learning_rate=RATE, inner_rate=INNER)
    params = {"w": double(start)}
    params, _, info = method.step(loss, params, method.init(params), batch, Context(double(0.5)))
    return params["w"].item(), info["loss"].item()


def test_the_gradient_has_the_factor_of_the_inner_step():
    """w' = w - a h (w - m) with m the mean of the first half; the gradient is (1 - a h) h (w' - n), n that of the rest.

    Here m = 0.5, n = -1.5, w' = 1 - 0.6 * 0.5 = 0.7, gradient 0.4 * 2 * 2.2 = 1.76; without the factor it would be 4.4.
    """
    after, reported = stepped([0.0, 1.0, -1.0, -2.0])
    assert after == pytest.approx(1 - RATE * 1.76)
    assert reported == pytest.approx((1.7**2 + 2.7**2) / 2)


def test_an_odd_example_is_of_the_second_half_and_a_single_one_of_both():
    """Halves {0}, {-1, -2}: w' = 0.4, gradient 0.4 * 2 * 1.9; alone {0.5}: w' = 0.7, gradient 0.4 * 2 * 0.2."""
    assert stepped([0.0, -1.0, -2.0])[0] == pytest.approx(1 - RATE * 1.52)
    assert stepped([0.5])[0] == pytest.approx(1 - RATE * 0.16)


def test_halves_keep_labels_and_positions_together():
    batch = Batch(torch.arange(5.0)[:, None], torch.arange(5), torch.arange(5) + 10)
    first, second = module.halves(batch)
    assert (first.labels.tolist(), second.labels.tolist()) == ([0, 1], [2, 3, 4])
    assert (first.positions.tolist(), second.positions.tolist()) == ([10, 11], [12, 13, 14])
    assert module.halves(batch._replace(positions=None))[1].positions is None
