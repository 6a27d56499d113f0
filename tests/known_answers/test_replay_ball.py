"""Replay ball: the penalty has its centre before each batch."""

import torch

from .balls import by_hand, kl, same, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_it_takes_the_steps_by_hand():
    expected = by_hand(kl, 3.0, 0.0)
    found = stream(bound("replay_ball", weight=3.0, **RATE), 3, dtype=torch.float64).params
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=1e-9, rtol=0)


def test_it_is_the_slow_ball_of_age_zero():
    slow = stream(bound("slow_ball", weight=3.0, age=0.0, **RATE), 3)
    assert same(stream(bound("replay_ball", weight=3.0, **RATE), 3).params, slow.params)
