"""Dark experience replay: what is stored, when it is replayed, and the off switch."""

import math

import pytest
import torch
from torch.nn.functional import mse_loss

from .conftest import bound
from .streams import Visit, batch, close, crowded, live, loss, network, plain, same, start


def test_two_steps_by_hand():
    """aimagelab/mammoth@16cebdb, models/der.py, alpha F.mse_loss: the mean over examples and classes.

    From zero weights x = 2 with label 0 is stored with the logits 0, and one step at the rate 0.1 leads to the weights
    ±0.1 and the biases ±0.05. The next batch is x = 0 with label 0. Replayed, x = 2 has the logits ±0.25: the slopes of
    alpha (0.25² + 0.25²) / 2 at alpha = 1/2 are ±0.125 by the biases and ±0.25 by the weights.
    """
    zero = {"weight": torch.zeros(2, 1, dtype=torch.float64), "bias": torch.zeros(2, dtype=torch.float64)}
    first, second = batch([[2.0]], [0], [0]), batch([[0.0]], [0], [1])
    visits = [Visit(first, [{"replay": first}]), Visit(second, [{"replay": first}])]
    moved, after = live(bound("der", learning_rate=0.1, alpha=0.5), zero, visits).params
    assert moved["weight"].flatten().tolist() == pytest.approx([0.1, -0.1], abs=1e-12)
    wrong = 1 - 1 / (1 + math.exp(-0.1))  # the probability of the other class at the biases ±0.05
    assert after["weight"].flatten().tolist() == pytest.approx([0.075, -0.075], abs=1e-12)
    assert after["bias"][0].item() == pytest.approx(0.05 - 0.1 * (0.125 - wrong), abs=1e-12)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """An example that loses its slot is replayed with its own logits until the batch that takes it has left."""

    def objective(p, batch, given, stored):
        if stored is None:
            return loss(p, batch)
        return loss(p, batch) + 0.7 * mse_loss(network(p, given["replay"].inputs), stored)

    found = live(bound("der", learning_rate=0.05, alpha=0.7), start(), crowded(steps)).params
    expected = plain(start(), crowded(steps), objective, 0.05)
    assert all(close(a, b) for a, b in zip(found, expected, strict=True))


def test_switched_off_it_is_sgd_bit_by_bit():
    ends = [
        live(bound(name, learning_rate=0.1, **own), start(), crowded(2)).params
        for name, own in (("der", {"alpha": 0.0}), ("online_sgd", {}))
    ]
    assert all(same(a, b) for a, b in zip(*ends, strict=True))
