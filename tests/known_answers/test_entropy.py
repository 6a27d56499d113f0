"""Entropy: -sum p ln p, by hand."""

import math

import pytest
import torch
from pools import acquisition, of_logits

from robustpath.methods import uncertainty

P = torch.tensor([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [1.0, 0.0, 0.0], [0.5, 0.3, 0.2]], dtype=torch.float64)


def test_the_scores_are_those_of_the_formula():
    expected = [-sum(p * math.log(p) for p in row if p) for row in P.tolist()]
    assert expected[0] == pytest.approx(math.log(2))
    assert uncertainty.entropy(P.clamp(min=1e-300).log()).tolist() == pytest.approx(expected, abs=1e-6)


def test_the_flattest_prediction_comes_first():
    assert acquisition("entropy")(of_logits(P.clamp(min=1e-30).log()), 4, torch.Generator()).tolist() == [1, 3, 0, 2]
