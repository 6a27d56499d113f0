"""Distances between functions, by hand."""

import math

import pytest
import torch

from robustpath.protocols.supervised.measures import functions


def logits(*probabilities):
    """One network, one example a row."""
    return torch.tensor(probabilities, dtype=torch.float64).log()[None]


def test_the_divergence_of_equal_and_of_disjoint_answers():
    """Lin 1991: 0 and log 2; shifting all logits of an example changes nothing."""
    some = logits([0.5, 0.3, 0.2], [0.1, 0.1, 0.8])
    assert functions.jensen_shannon(some, some + 3).item() == pytest.approx(0, abs=1e-15)
    disjoint = torch.tensor([[[60.0, 0.0]]]).double(), torch.tensor([[[0.0, 60.0]]]).double()
    assert functions.jensen_shannon(*disjoint).item() == pytest.approx(math.log(2), abs=1e-12)


def test_the_divergence_by_hand():
    """p = (½, ½), q = (1, 0): ½ [½ log(½/¾) + ½ log(½/¼)] + ½ log(1/¾), and a second example that agrees halves it."""
    p, q = logits([0.5, 0.5], [0.3, 0.7]), logits([1.0, 1e-300], [0.3, 0.7])
    expected = 0.5 * (0.5 * math.log(2 / 3) + 0.5 * math.log(2)) + 0.5 * math.log(4 / 3)
    assert functions.jensen_shannon(p, q).item() == pytest.approx(expected / 2, abs=1e-12)
    assert functions.jensen_shannon(q, p).item() == pytest.approx(expected / 2, abs=1e-12)


def test_the_share_of_disagreement():
    one, other = logits([0.6, 0.4], [0.6, 0.4], [0.1, 0.9]), logits([0.9, 0.1], [0.4, 0.6], [0.2, 0.8])
    assert functions.disagreement(one, other).item() == pytest.approx(1 / 3)
