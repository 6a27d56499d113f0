import pytest
import torch

from robustpath.data.splits import split
from robustpath.errors import UserError

LABELS = torch.tensor([0] * 40 + [1] * 30 + [2] * 50)
NONE = torch.zeros(len(LABELS), dtype=torch.bool)


def spread(labels, indices):
    counts = torch.bincount(labels[indices], minlength=3)
    return int(counts.max() - counts.min())


def test_parts_are_disjoint_balanced_in_every_prefix_and_of_the_sizes_asked_for():
    for seed in range(5):
        parts = split(LABELS, NONE, "toy", seed, 10, 20)
        assert [len(parts.validation), len(parts.test), len(parts.train)] == [10, 20, 3 * 30 - 30]
        everything = torch.cat(parts)
        assert len(everything.unique()) == len(everything)
        for part in parts:
            assert all(spread(LABELS, part[:size]) <= 1 for size in range(1, len(part) + 1))


def test_a_split_depends_on_data_set_and_seed_and_on_no_global_state():
    torch.manual_seed(1)
    first = split(LABELS, NONE, "toy", 3, 10, 20)
    torch.manual_seed(2)
    again = split(LABELS, NONE, "toy", 3, 10, 20)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.train, split(LABELS, NONE, "toy", 4, 10, 20).train)
    assert not torch.equal(first.train, split(LABELS, NONE, "other", 3, 10, 20).train)


def test_sizes_nest():
    small, large = split(LABELS, NONE, "toy", 0, 10, 20), split(LABELS, NONE, "toy", 0, 10, 35)
    assert torch.equal(small.validation, large.validation)
    assert torch.equal(small.test, large.test[:20])
    assert torch.equal(small.train[15:], large.train)


def test_official_test_examples_are_the_only_test_examples():
    official = torch.zeros(len(LABELS), dtype=torch.bool)
    official[::2] = True
    parts = split(LABELS, official, "toy", 0, 6, 30)
    assert official[parts.test].all()
    assert not official[parts.train].any()
    assert not official[parts.validation].any()


@pytest.mark.parametrize(("validation", "test"), [(80, 20), (10, 80), (91, 0)])
def test_more_than_there_is_is_refused_in_one_sentence(validation, test):
    with pytest.raises(UserError, match=r"toy has 90 balanced examples, too few for validation_size"):
        split(LABELS, NONE, "toy", 0, validation, test)


def test_more_than_the_official_test_has_is_refused():
    official = torch.arange(len(LABELS)) % 4 == 0
    with pytest.raises(UserError, match="official test examples"):
        split(LABELS, official, "toy", 0, 6, 31)
