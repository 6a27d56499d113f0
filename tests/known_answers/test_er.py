"""Experience replay: one mean over the batch and what is replayed."""

import pytest
import torch

from .conftest import bound
from .streams import Visit, batch, close, descended, live, loss, random_batch, start


def test_one_step_by_hand():
    """aimagelab/mammoth@2de9523, models/er.py: the loss of 1 + 3 joined examples is one mean over the four.

    At zero weights each of two classes has probability 1/2; the slope of the weight of class 0 is the mean of
    x (p - [y = 0]): (1 (-1/2) + 2 (1/2) + 2 (1/2) + 0) / 4 = 3/8, the bias' (-1/2 + 1/2 + 1/2 + 1/2) / 4 = 1/4.
    """
    params = {"weight": torch.zeros(2, 1, dtype=torch.float64), "bias": torch.zeros(2, dtype=torch.float64)}
    visit = Visit(batch([[1.0]], [0], [0]), [{"replay": batch([[2.0], [2.0], [0.0]], [1, 1, 1], [1, 2, 3])}])
    after = live(bound("er", learning_rate=0.1), params, [visit]).params[0]
    assert after["weight"].flatten().tolist() == pytest.approx([-0.0375, 0.0375], abs=1e-12)
    assert after["bias"].tolist() == pytest.approx([-0.025, 0.025], abs=1e-12)


def test_replaying_the_batch_itself_is_sgd():
    """The mean over a set and the same set once more is the mean over the set."""
    new, params = random_batch(1, [0, 1, 2]), start()
    after = live(bound("er", learning_rate=0.1), params, [Visit(new, [{"replay": new}])]).params[0]
    assert close(after, descended(params, lambda p: loss(p, new), 0.1))
