import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.data.prepared import Prepared
from robustpath.data.splits import split

LABELS = torch.tensor([0] * 40 + [1] * 30 + [2] * 50)
NONE = torch.zeros(len(LABELS), dtype=torch.bool)


def data(labels=LABELS, official=NONE, group=None):
    return Prepared(torch.empty(len(labels), 1), labels, official, group)


def spread(labels, indices):
    counts = torch.bincount(labels[indices], minlength=3)
    return int(counts.max() - counts.min())


def test_parts_are_disjoint_balanced_in_every_prefix_and_of_the_sizes_asked_for():
    for seed in range(5):
        parts = split(data(), "toy", seed, 10, 20)
        assert [len(parts.validation), len(parts.test), len(parts.train)] == [10, 20, 3 * 30 - 30]
        everything = torch.cat(parts)
        assert len(everything.unique()) == len(everything)
        for part in parts:
            assert all(spread(LABELS, part[:size]) <= 1 for size in range(1, len(part) + 1))


def test_a_split_depends_on_data_set_and_seed_and_on_no_global_state():
    torch.manual_seed(1)
    first = split(data(), "toy", 3, 10, 20)
    torch.manual_seed(2)
    again = split(data(), "toy", 3, 10, 20)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.train, split(data(), "toy", 4, 10, 20).train)
    assert not torch.equal(first.train, split(data(), "other", 3, 10, 20).train)


def test_sizes_nest():
    small, large = split(data(), "toy", 0, 10, 20), split(data(), "toy", 0, 10, 35)
    assert torch.equal(small.validation, large.validation)
    assert torch.equal(small.test, large.test[:20])
    assert torch.equal(small.train[15:], large.train)


def test_official_test_examples_are_the_only_test_examples():
    official = torch.zeros(len(LABELS), dtype=torch.bool)
    official[::2] = True
    parts = split(data(official=official), "toy", 0, 6, 30)
    assert official[parts.test].all()
    assert not official[parts.train].any()
    assert not official[parts.validation].any()


# Forty groups of unequal size, each with its own number of examples of every class, and ten examples of no part.
SIZES = torch.arange(40) % 3 + 1
GROUP = torch.cat([torch.arange(40).repeat_interleave(3 * SIZES), torch.full((10,), -1)])
IN_GROUPS = torch.cat([torch.arange(3).repeat(int(SIZES.sum())), torch.zeros(10, dtype=torch.int64)])


def test_groups_stay_whole_and_examples_without_a_group_are_of_no_part():
    in_groups = data(IN_GROUPS, torch.zeros(len(GROUP), dtype=torch.bool), GROUP)
    found = set()
    for seed in range(8):
        parts = split(in_groups, "toy", seed, 20, 50)
        groups = [set(GROUP[part].tolist()) for part in parts]
        assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
        assert -1 not in groups[0] | groups[1] | groups[2]
        assert [len(parts.validation), len(parts.test)] == [20, 50]
        assert len(parts.train) >= 3 * (int(SIZES.sum()) - (7 + 2) - (17 + 2))
        for part in parts:
            assert all(spread(IN_GROUPS, part[:size]) <= 1 for size in range(1, len(part) + 1))
        found.add(frozenset(groups[2]))
    assert len(found) == 8
    again = split(in_groups, "toy", 7, 20, 50)
    assert all(torch.equal(a, b) for a, b in zip(parts, again, strict=True))


@pytest.mark.parametrize(("validation", "test"), [(240, 10), (10, 240), (120, 120)])
def test_more_than_the_groups_hold_is_refused(validation, test):
    with pytest.raises(UserError, match=r"toy has 237 examples in groups, too few for validation_size"):
        split(data(IN_GROUPS, torch.zeros(len(GROUP), dtype=torch.bool), GROUP), "toy", 0, validation, test)


@pytest.mark.parametrize(("validation", "test"), [(80, 20), (10, 80), (91, 0)])
def test_more_than_there_is_is_refused_in_one_sentence(validation, test):
    with pytest.raises(UserError, match=r"toy has 90 balanced examples, too few for validation_size"):
        split(data(), "toy", 0, validation, test)


def test_more_than_the_official_test_has_is_refused():
    official = torch.arange(len(LABELS)) % 4 == 0
    with pytest.raises(UserError, match="official test examples"):
        split(data(official=official), "toy", 0, 6, 31)
