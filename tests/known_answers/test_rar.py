"""Repeated augmented rehearsal: one step by hand."""

import pytest
import torch

from .conftest import bound
from .streams import Visit, batch, live


def test_one_step_by_hand():
    """YaqianZhang/RepeatedAugmentedRehearsal@d1158b4, agents/exp_replay.py: the mean loss of the memory is added to
    that of the batch, each with the ratio 1.

    At zero weights each of two classes has probability 1/2; the slope of the weight of class 0 is the mean of
    x (p - [y = 0]) over each: -1/2 for the batch, (1 + 1 + 0) / 3 = 2/3 for the memory, together 1/6.
    """
    params = {"weight": torch.zeros(2, 1, dtype=torch.float64), "bias": torch.zeros(2, dtype=torch.float64)}
    replay = batch([[2.0], [2.0], [0.0]], [1, 1, 1], [1, 2, 3])
    visit = Visit(batch([[1.0]], [0], [0]), [{"augmented_replay": replay}])
    after = live(bound("rar", learning_rate=0.1), params, [visit]).params[0]
    assert after["weight"].flatten().tolist() == pytest.approx([-0.1 / 6, 0.1 / 6], abs=1e-12)
    assert after["bias"].flatten().tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
