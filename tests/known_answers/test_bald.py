"""BALD: H[E p] - E H[p], by hand."""

import math

import pytest
import torch
from pools import acquisition, of_logits

from robustpath.core.randomness import generator
from robustpath.methods.uncertainty import mutual_information


def test_passes_that_agree_tell_nothing_and_two_sure_contrary_passes_tell_one_bit():
    same = torch.randn(1, 20, 4, generator=generator("bald")).expand(7, 20, 4)
    assert mutual_information(same).abs().max() < 1e-12
    contrary = torch.tensor([[[200.0, -200.0]], [[-200.0, 200.0]]])
    assert mutual_information(contrary).item() == pytest.approx(math.log(2), abs=1e-12)


def test_it_is_the_formula_of_the_paper():
    sampled = torch.randn(3, 5, 4, generator=generator("bald"), dtype=torch.float64)

    def entropy(p):
        return -sum(each * math.log(each) for each in p)

    def expected(example):
        passes = [[math.exp(z) for z in logits[example].tolist()] for logits in sampled]
        passes = [[each / sum(weights) for each in weights] for weights in passes]
        mean = [sum(column) / 3 for column in zip(*passes, strict=True)]
        return entropy(mean) - sum(map(entropy, passes)) / 3

    assert mutual_information(sampled).tolist() == pytest.approx([expected(example) for example in range(5)])


def test_contradiction_comes_before_doubt():
    """Example 0 is unsure in both passes, example 1 sure of contrary classes, example 2 sure of one class."""
    sampled = torch.tensor([[[0.0, 0.0], [9.0, -9.0], [9.0, -9.0]], [[0.0, 0.1], [-9.0, 9.0], [9.0, -9.0]]])
    view = of_logits(sampled.mean(0), sampled=sampled)
    assert acquisition("bald")(view, 2, torch.Generator()).tolist() == [1, 0]
