"""Margin: the smallest p1 - p2, which is not the order of the entropy."""

import torch
from pools import acquisition, of_logits

from robustpath.methods import uncertainty

P = torch.tensor([[0.4, 0.3, 0.3], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.3, 0.2]], dtype=torch.float64)
LOGITS = P.clamp(min=1e-30).log()


def test_the_closest_two_classes_come_first():
    assert acquisition("margin")(of_logits(LOGITS), 4, torch.Generator()).tolist() == [1, 0, 3, 2]


def test_the_scores_are_one_less_the_difference_of_the_two_largest():
    largest = P.topk(2, dim=1).values
    torch.testing.assert_close(uncertainty.margin(LOGITS), 1 - (largest[:, 0] - largest[:, 1]), rtol=0, atol=1e-12)
