"""The replay ball held by a multiplier: the distance after a batch, and the weight that follows it, by hand."""

import pytest
import torch

from robustpath.methods.ways import multiplier

from .balls import kl, last_replay, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_the_ratio_is_that_of_the_batch_before():
    """Measured by PyTorch's kl_div on the last replayed inputs; 0 before there is a batch."""
    found = stream(bound("ball_multiplier", radius=0.006, **RATE), 3, batches=1, dtype=torch.float64)
    expected = kl(found.params, start(torch.float64), last_replay(3, 1, torch.float64)) / 0.006
    assert found.state.ratio.item() == pytest.approx(expected.item(), rel=1e-6)
    assert [info["ratio"].item() for info in found.infos] == [0.0] * 3
    more = stream(bound("ball_multiplier", radius=0.006, **RATE), 3, batches=2, dtype=torch.float64)
    assert [info["ratio"].item() for info in more.infos[3:]] == [found.state.ratio.item()] * 3


@pytest.mark.parametrize(("ratio", "factor"), [(1.6, 1.5), (1.4, 1.0), (0.7, 1.0), (0.6, 1 / 1.5)])
def test_the_weight_follows_the_distance(ratio, factor):
    """By hand: the band from r / 1.5 to 1.5 r leaves the weight as it is."""
    one = torch.ones(())
    assert multiplier().after(ratio * one, one, 2 * one).item() == pytest.approx(2 * factor)


def test_the_weight_stays_in_its_range():
    one = torch.ones(())
    assert multiplier().after(9 * one, one, 9 * one).item() == 10.0
    assert multiplier().after(0 * one, one, 0.04 * one).item() == pytest.approx(0.03)
