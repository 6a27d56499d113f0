"""The replay ball of a shrinking radius: the radii by hand."""

import pytest
import torch

from .balls import kl, last_replay, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_the_radii_by_hand(power):
    """0.01 (1 + t / 2)^-power: 0.01, then divided by 1.5, 2 and 2.5 to the power."""
    found = stream(bound("ball_decay", radius=0.01, horizon=2.0, power=power, **RATE), 2, batches=4)
    expected = [0.01 / factor**power for factor in (1.0, 1.5, 2.0, 2.5)]
    assert [info["radius"].item() for info in found.infos[::2]] == pytest.approx(expected, rel=1e-6)


def test_the_ratio_is_in_units_of_the_radius_of_its_batch():
    found = stream(bound("ball_decay", radius=0.01, horizon=1.0, power=1.0, **RATE), 2, batches=2, dtype=torch.float64)
    expected = kl(found.params, found.centres[1], last_replay(2, 2, torch.float64)) / 0.005
    assert found.state.ratio.item() == pytest.approx(expected.item(), rel=1e-6)
