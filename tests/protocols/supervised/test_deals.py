"""A run's examples and labels: dealt in one place, equal to the split and the noise taken by hand."""

import ast

import pytest
import torch

from robustpath.core.fingerprint import SOURCE
from robustpath.data.group_splits import correlated
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared
from robustpath.data.splits import split
from robustpath.protocols.supervised.deals import deal_of

SETTINGS = {"dataset": "toy", "validation_size": 8, "test_size": 12, "vary": ["split"]}
COUNT = 60


@pytest.fixture
def prepared():
    labels = torch.arange(COUNT) % 4
    return Prepared(torch.zeros(COUNT, 1, 1, 1), labels, torch.zeros(COUNT, dtype=torch.bool))


@pytest.mark.parametrize(("vary", "own"), [(["split"], 3), (["order"], 0)])
def test_it_is_the_split_and_the_noise_of_the_seed(prepared, vary, own):
    dealt, parts = deal_of(SETTINGS | {"vary": vary}, prepared, 3), split(prepared, "toy", own, 8, 12)
    assert all(torch.equal(ours, expected) for ours, expected in zip(dealt.parts, parts, strict=True))
    labels = noisy(prepared.labels, 4, "toy", own, 0.5)
    assert torch.equal(dealt.labels(0.5), labels)
    assert not torch.equal(labels, prepared.labels)
    chosen, learnt = dealt.training(20, 0.5)
    assert torch.equal(chosen, parts.train[:20])
    assert torch.equal(learnt, labels[parts.train[:20]])


def test_training_sets_are_nested_and_clean_without_noise(prepared):
    dealt = deal_of(SETTINGS, prepared, 0)
    (few, clean), (many, _) = dealt.training(12, 0.0), dealt.training(24, 0.0)
    assert torch.equal(few, many[:12])
    assert torch.equal(clean, prepared.labels[few])


def test_at_a_correlation_it_is_the_correlated_split_of_the_seed(prepared):
    grouped = prepared._replace(attribute=torch.arange(COUNT) // 4 % 4)
    dealt, parts = deal_of(SETTINGS | {"correlation": 0.4}, grouped, 3), correlated(grouped, "toy", 3, 0.4, 8, 12)
    assert all(torch.equal(ours, expected) for ours, expected in zip(dealt.parts, parts, strict=True))
    assert not torch.equal(dealt.parts.train, deal_of(SETTINGS, grouped, 3).parts.train)


def test_nowhere_else_in_the_protocol():
    """Training, scores, measures and traces must agree on what a run has seen."""
    importing = [
        file.name
        for file in (SOURCE / "robustpath" / "protocols" / "supervised").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in ("robustpath.data.label_noise", "robustpath.data.splits")
    ]
    assert sorted(set(importing)) == ["deals.py"]
