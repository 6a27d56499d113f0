"""Reordered SGD, the yardstick of order noise: SGD in everything but the name of its order."""

import pytest
import torch

from robustpath.core import randomness

from .conftest import bound, descend


@pytest.mark.parametrize("batches_per_step", [1, 4])
def test_on_the_same_batches_it_is_sgd(batches_per_step):
    batches = torch.randn(12, 8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = [
        descend(
            bound(name, batches_per_step=batches_per_step),
            lambda w, inputs: (inputs @ w - 1).square().mean(),
            torch.ones(3),
            batches=batches,
            progress=lambda step: (step + 0.5) / 12,
        )
        for name in ("reordered_sgd", "sgd")
    ]
    assert torch.equal(ends[0].iterates, ends[1].iterates)


def test_its_order_is_another_one_of_the_same_examples():
    """Two passes over 40 examples in five batches of 16, as a run draws them."""
    ours, plain = (
        randomness.batches(40, 16, 0, 5, "digits", 0, bound(name).order) for name in ("reordered_sgd", "sgd")
    )
    assert not torch.equal(ours, plain)
    assert torch.equal(ours.flatten().sort().values, plain.flatten().sort().values)
