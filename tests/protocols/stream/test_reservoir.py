"""The reservoir: at any time every example met so far lies in it with the same probability."""

import pytest
import torch
from scipy.stats import chi2

from robustpath.methods.memory import NOWHERE
from robustpath.protocols.stream.reservoir import reservoir

KEYS, BATCHES, SIZE = 600, 12, 5


@pytest.mark.parametrize("slots", [3, 8, 25])  # 3: fewer than a batch has
def test_every_example_met_so_far_is_kept_with_the_same_probability(slots):
    """Of a sample without replacement, (L - 1) / L times the sum of (count - expected)² / variance is chi-square with
    L - 1 degrees of freedom."""
    drawn = [reservoir(BATCHES, SIZE, slots, "test", key) for key in range(KEYS)]
    for batch in (slots // SIZE + 2, BATCHES):
        length = batch * SIZE
        counts = torch.bincount(torch.cat([each.held[batch] for each in drawn]), minlength=length).double()
        share = slots / length
        statistic = (counts - KEYS * share).square().sum() / (KEYS * share * (1 - share)) * (length - 1) / length
        assert len(counts) == length
        assert chi2.ppf(1e-4, length - 1) < statistic < chi2.ppf(1 - 1e-4, length - 1)


@pytest.mark.parametrize("slots", [1, 3, 5, 8, 60])
def test_slots_say_where_examples_lie(slots):
    found = reservoir(BATCHES, SIZE, slots, "test")
    assert found.slots.shape == (BATCHES, SIZE)
    assert found.held.shape == (BATCHES + 1, slots)
    held = {}
    for batch, own in enumerate(found.slots.tolist()):
        kept = [slot for slot in own if slot != NOWHERE]
        assert len(set(kept)) == len(kept)
        assert all(0 <= slot < slots for slot in kept)
        before = dict(held)
        held |= {slot: batch * SIZE + row for row, slot in enumerate(own) if slot != NOWHERE}
        there = before if batch else held
        assert found.stored[batch] == len(there)
        assert found.held[batch, : len(there)].tolist() == [there[slot] for slot in range(len(there))]
    assert found.stored[BATCHES] == len(held) == slots
    assert found.held[BATCHES].tolist() == [held[slot] for slot in range(slots)]


def test_a_memory_that_holds_everything_has_the_examples_in_their_order():
    found = reservoir(BATCHES, SIZE, BATCHES * SIZE, "test")
    assert torch.equal(found.slots.flatten(), torch.arange(BATCHES * SIZE))


def test_it_depends_on_its_key_alone():
    first, again, other = (reservoir(BATCHES, SIZE, 8, "test", key) for key in (0, 0, 1))
    assert torch.equal(first.held, again.held)
    assert not torch.equal(first.held, other.held)
