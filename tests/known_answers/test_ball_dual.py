"""The replay ball held by dual ascent: the weight of every step, and the size of the steps, by hand."""

import math

import pytest
import torch

from .balls import start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


@pytest.mark.parametrize("radius", [1e-9, 1e-3, 1.0])
def test_the_weight_follows_every_step(radius):
    """log weight <- log weight + 0.02 max(-1, min(1, d/r - 1)), from weight 1."""
    found = stream(bound("ball_dual", radius=radius, ascent=0.02, **RATE), 4, dtype=torch.float64)
    weights = [info["weight"].item() for info in found.infos] + [found.state.weight.item()]
    for before, after, info in zip(weights[:-1], weights[1:], found.infos, strict=True):
        growth = 0.02 * max(-1.0, min(1.0, info["distance"].item() / radius - 1))
        assert math.log(after) == pytest.approx(math.log(before) + growth, abs=1e-6)


def test_a_stiff_penalty_takes_small_steps():
    """At the centre the penalty has no gradient: the first step is that of SGD divided by 1 + 0.1 weight."""
    plain = stream(bound("online_sgd", **RATE), 1, batches=1, dtype=torch.float64).params
    found = stream(bound("ball_dual", **RATE), 1, batches=1, dtype=torch.float64).params
    for name, tensor in start(torch.float64).items():
        torch.testing.assert_close(found[name] - tensor, (plain[name] - tensor) / 1.1, atol=1e-7, rtol=0)
