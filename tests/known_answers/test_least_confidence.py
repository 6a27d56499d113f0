"""Least confidence: the largest 1 - p1; with two classes the order of margin and entropy (case C13)."""

import torch
from pools import acquisition, of_logits

from robustpath.core.randomness import generator

P = torch.tensor([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [1.0, 0.0, 0.0], [0.45, 0.35, 0.2]], dtype=torch.float64)


def order(name, logits):
    return acquisition(name)(of_logits(logits), len(logits), torch.Generator()).tolist()


def test_the_least_probable_best_class_comes_first():
    assert order("least_confidence", P.clamp(min=1e-30).log()) == [1, 3, 0, 2]


def test_two_classes_are_ranked_alike_by_all_three():
    """Each is a decreasing function of the larger probability; some logits leave 1e-20 of the other class."""
    logits = 15 * torch.randn(200, 2, generator=generator("two classes"))
    sure = (logits[:, 0] - logits[:, 1]).abs()
    expected = torch.argsort(sure, stable=True).tolist()
    assert sure.max() > 45
    assert [order(name, logits) for name in ("entropy", "margin", "least_confidence")] == [expected] * 3


def test_three_classes_are_not():
    assert len({tuple(order(name, P.log())) for name in ("entropy", "margin", "least_confidence")}) > 1
