"""The replay ball of a radius that follows surprise: the losses on arrival, by hand."""

import pytest
import torch

from .balls import LOSS, examples, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


@pytest.mark.parametrize("gamma", [1.0, -1.0])
def test_the_radii_by_hand(gamma):
    """r0 (L / mean L)^gamma, with the mean over the batches before, that begins with the first."""
    found = stream(bound("ball_surprise", radius=0.01, gamma=gamma, **RATE), 2, batches=4, dtype=torch.float64)
    losses = [LOSS(found.centres[number], examples(10, number, torch.float64)).item() for number in range(4)]
    mean, expected = losses[0], []
    for loss in losses:
        expected.append(0.01 * (loss / mean) ** gamma)
        mean += 0.1 * (loss - mean) if len(expected) > 1 else 0.0
    assert [info["radius"].item() for info in found.infos[::2]] == pytest.approx(expected, rel=1e-6)
    assert len(set(expected)) == 4
