"""The replay ball of a trusted radius: the gains on a batch and on the next, by hand from their losses."""

import pytest
import torch

from .balls import LOSS, examples, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_the_radius_follows_the_gain_on_the_next_batch():
    """The averages of the gains, by hand from the losses before and after each batch."""
    found = stream(bound("ball_trust", radius=0.02, doubted=0.15, **RATE), 3, batches=6, dtype=torch.float64)
    batches, held, own, radius, expected = [examples(10, i, torch.float64) for i in range(6)], 0.0, 0.0, 0.02, [0.02]
    for number in range(1, 6):
        before, after = found.centres[number - 1], found.centres[number]
        held = 0.9 * held + (LOSS(before, batches[number]) - LOSS(after, batches[number])).item()
        own = 0.9 * own + (LOSS(before, batches[number - 1]) - LOSS(after, batches[number - 1])).item()
        reached = found.infos[3 * number]["ratio"].item() > 1 / 1.5
        radius *= 0.9 if held / own < 0.15 else 1.1 if held / own > 0.4 and reached else 1.0
        expected.append(radius)
    assert [info["radius"].item() for info in found.infos[::3]] == pytest.approx(expected, rel=1e-6)
    assert expected[-1] != 0.02
