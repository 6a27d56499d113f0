"""Slow ball: the anchor's recursion, the gradient of the penalty by hand, no labels of the memory."""

import pytest
import torch
from torch.nn.functional import one_hot

from .balls import LOSS, NETWORK, examples, last_replay, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_labels_of_the_memory_are_not_used():
    method = bound("slow_ball", **RATE)
    found, other = stream(method, 4), stream(method, 4, relabel=lambda labels: (labels + 1) % 4)
    assert same(found.params, other.params)


@pytest.mark.parametrize("age", [0.0, 0.5, 0.9, 1.0])
def test_the_anchor_is_a_decaying_mean(age):
    """By hand: after three batches the weights on the start and on the ends are age³, (1-age) age², (1-age) age and
    1-age; at age 0 the anchor is the last model and at age 1 the first, bit for bit."""
    found = stream(bound("slow_ball", age=age, **RATE), 3)
    weights = [age**3, (1 - age) * age**2, (1 - age) * age, 1 - age]
    for name, tensor in found.state.anchor.items():
        expected = sum(weight * centre[name] for weight, centre in zip(weights, found.centres, strict=True))
        torch.testing.assert_close(tensor.double(), expected.double(), atol=1e-6, rtol=0)
    if age in (0.0, 1.0):
        assert same(found.state.anchor, found.centres[-1 if age == 0 else 0])


def test_one_step_before_a_centre_is_a_step_without_a_ball():
    """Batches.md's theorem T3: the divergence has no gradient at its centre, so one step a batch from the model before
    the batch is that of online_sgd, bit for bit; from an older anchor it is not."""
    plain = stream(bound("online_sgd", **RATE), 1)
    assert same(stream(bound("slow_ball", age=0.0, **RATE), 1).params, plain.params)
    assert not same(stream(bound("slow_ball", age=0.9, **RATE), 1).params, plain.params)


def test_a_step_by_hand():
    """The gradient of weight KL(P0 || P) with respect to the head's bias is weight mean(p - p0), beside mean(p - y)."""
    found = stream(bound("slow_ball", weight=2.0, age=1.0, **RATE), 1, batches=2, dtype=torch.float64)
    before, after, batch = found.centres[1], found.params, examples(10, 1, torch.float64)
    error = NETWORK(before, batch.inputs).softmax(1) - one_hot(batch.labels, 4)
    replayed = last_replay(1, 2, torch.float64)
    drift = NETWORK(before, replayed).softmax(1) - NETWORK(start(torch.float64), replayed).softmax(1)
    expected = before["5.bias"] - 0.1 * (error.mean(0) + 2 * drift.mean(0))
    assert drift.abs().max() > 1e-3
    torch.testing.assert_close(after["5.bias"], expected, atol=1e-12, rtol=0)
    assert found.infos[-1]["loss"].item() == pytest.approx(LOSS(before, batch).item(), abs=1e-12)
