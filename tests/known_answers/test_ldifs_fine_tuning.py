"""Fine-tuning near the features of the pre-trained network: a network x -> v w x, whose feature is w x."""

import pytest
import torch

from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Batch, Context

from .conftest import bound, double

RATE, STRENGTH = 0.1, 3.0
BATCH = Batch(double([[1.0], [2.0]]), torch.zeros(2, dtype=torch.int64))


def layers(params, inputs):
    hidden = inputs * params["0.weight"]
    return {"0": hidden, "1": hidden * params["1.weight"]}


def loss(params, batch):
    """The mean of v w x, with gradients v x in w and w x in v: 1.5 v and 1.5 w on the batch."""
    return layers(params, batch.inputs)["1"].mean()


def adapted(strength, steps):
    rule = adaptation_of(bound("ldifs_fine_tuning", tuning_rate=RATE, strength=strength))
    params = {"0.weight": double(1.0), "1.weight": double(2.0)}
    context = Context(double(0.5), {}, None, layers)
    state = rule.arrive(loss, params, rule.init(params), BATCH, context)
    for _ in range(steps):
        params, state, _ = rule.step(loss, params, state, BATCH, context)
    return params["0.weight"].item(), params["1.weight"].item()


def test_the_second_step_is_pulled_back_to_the_first_features():
    """After one step w = 1 - 0.1 * 3 = 0.7, v = 2 - 0.15 = 1.85: at the anchor the penalty has no gradient. It is
    s mean(x²) (w - 1)² = 2.5 s (w - 1)² and pulls w by 5 s (w - 1)."""
    assert adapted(STRENGTH, 1) == pytest.approx((0.7, 1.85))
    w, v = 0.7 - RATE * (1.5 * 1.85 + 5 * STRENGTH * (0.7 - 1)), 1.85 - RATE * 1.5 * 0.7
    assert adapted(STRENGTH, 2) == pytest.approx((w, v))


def test_with_strength_0_it_is_fine_tuning_bit_by_bit():
    rule = adaptation_of(bound("fine_tuning", tuning_rate=RATE))
    params, state = {"0.weight": double(1.0), "1.weight": double(2.0)}, ()
    for _ in range(4):
        params, state, _ = rule.step(loss, params, state, BATCH, Context(double(0.5)))
    assert adapted(0.0, 4) == tuple(tensor.item() for tensor in params.values())
