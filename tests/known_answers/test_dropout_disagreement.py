"""Dropout disagreement: other predictions first, then the divergence of the official program.

Official program: tmlabonte/last-layer-retraining, milkshake/datamodules/disagreement.py at commit c1f9ba2: of one pass,
the mean over classes of kl_div(log p with dropout, p without).
"""

import torch
from pools import acquisition, of_logits, pool
from torch.nn.functional import kl_div


def test_points_of_disagreement_come_first_those_of_most_passes_before_the_others():
    sure = torch.tensor([[2.0, 0.0]] * 4)
    turned = torch.tensor([0.0, 0.1])
    sampled = sure.repeat(3, 1, 1)
    sampled[0, 1] = turned
    sampled[:, 2] = turned
    sampled[:, 3] = torch.tensor([90.0, 0.0])  # another probability, but the same class
    view = of_logits(sure, sampled=sampled)
    assert acquisition("dropout_disagreement")(view, 4, torch.Generator()).tolist() == [2, 1, 3, 0]


def test_with_one_pass_and_the_same_classes_the_order_is_that_of_the_official_score():
    view = pool()
    sampled = view.logits[None] * (0.3 + torch.arange(60) / 50)[None, :, None]  # no class changes
    p, dropped = view.logits.softmax(1), sampled[0].softmax(1)
    scores = kl_div(dropped.log(), p, reduction="none").mean(1)[view.unlabelled]
    expected = view.unlabelled[scores.topk(15).indices].tolist()
    found = acquisition("dropout_disagreement")(view._replace(sampled=sampled), 15, torch.Generator())
    assert found.tolist() == expected
