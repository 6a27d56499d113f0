"""The replay ball of both factors: the product of those of each controller alone."""

import pytest
import torch

from robustpath.methods.radius import Facts, surprise_snr

from .balls import stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_the_factors_are_multiplied():
    """On the first batch nothing is surprising, and the radius is that of `ball_snr`; later the quotient of the two is
    the loss in units of its mean."""
    found = stream(bound("ball_surprise_snr", radius=0.05, gamma=1.0, **RATE), 2, batches=1, dtype=torch.float64)
    alone = stream(bound("ball_snr", radius=0.05, **RATE), 2, batches=1, dtype=torch.float64)
    assert found.infos[0]["radius"].item() == alone.infos[0]["radius"].item()


def test_the_controller_by_hand():
    """Signal 3 and noise 10 at 10 examples: s² = 9/16. A loss of 3 after one of 2: 3/2."""
    one = torch.ones((), dtype=torch.float64)
    control = surprise_snr(one, one)
    _, state = control.begin()
    facts = Facts(2 * one, 0 * one, 0 * one, 3 * one, 10 * one, 10, 0 * one)
    first, _, state = control.arrived(state, facts)
    second, clamped, _ = control.arrived(state, facts._replace(loss=3 * one))
    assert first.item() == pytest.approx(9 / 16)
    assert second.item() == pytest.approx(9 / 16 * 3 / 2)
    assert not clamped
