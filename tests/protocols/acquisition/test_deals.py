"""Which examples a run begins with, can choose from and is scored on."""

from collections import Counter
from itertools import product

import pytest
import torch
from small_pool import SETTINGS

from robustpath.core.errors import UserError
from robustpath.protocols.acquisition import deals

GROUPS = (0, 1, 2, 3)


def numbers(prepared, positions):
    return Counter((2 * prepared.labels[positions] + prepared.attribute[positions]).tolist())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("correlation", [None, 0.6, 0.75])
def test_no_example_is_in_two_parts(prepared, seed, correlation):
    settings = SETTINGS | {"correlation": correlation}
    held = deals.held_of(settings, prepared, seed)
    deal = deals.deal_of(settings, prepared, seed, [-1, *GROUPS])
    test = held.parts.test[held.test]
    for first in deal.seed_sets.values():
        together = torch.cat([first, deal.pool, held.parts.validation, test])
        assert len(together.unique()) == len(together)
        assert len(first) == 8 and len(deal.pool) == 60


@pytest.mark.parametrize("correlation", [None, 0.6, 0.75])
def test_one_group_is_missing_and_classes_are_equal_all_the_same(prepared, correlation):
    deal = deals.deal_of(SETTINGS | {"correlation": correlation}, prepared, 1, [-1, *GROUPS])
    for group, first in deal.seed_sets.items():
        found = numbers(prepared, first)
        assert found[group] == 0
        assert found[0] + found[1] == found[2] + found[3] == 4
        # What is not of the label of the missing group is the same as without one.
        others = first[prepared.labels[first] != group // 2]
        assert set(others.tolist()) <= set(deal.seed_sets[-1].tolist())
    assert all(numbers(prepared, deal.pool)[group] for group in GROUPS)


@pytest.mark.parametrize(("correlation", "count"), [*product((0.6, 0.75, 0.9), (20, 33, 60))])
def test_the_pool_is_as_correlated_as_it_was_asked_to_be_and_nested(prepared, correlation, count):
    """The share of examples with the majority attribute of their label (label y: y) is exact to one example."""
    settings = SETTINGS | {"correlation": correlation}
    pool = deals.deal_of(settings | {"pool": count}, prepared, 0, [1]).pool
    found = numbers(prepared, pool)
    assert abs(found[0] + found[3] - correlation * count) <= 1
    assert abs(found[0] + found[1] - count / 2) <= 0.5
    assert torch.equal(pool, deals.deal_of(settings, prepared, 0, [1]).pool[:count])


@pytest.mark.parametrize("missing", [-1, *GROUPS])
def test_first_labels_hold_as_many_minorities_as_asked_and_classes_stay_equal(prepared, missing):
    """Label y has mostly attribute y, so groups 1 and 2 are minorities; four labels hold one of them as a rule."""
    settings = SETTINGS | {"correlation": 0.8, "pool": 40, "seed_labels": 8}
    plain = deals.deal_of(settings, prepared, 0, [missing])
    deal = deals.deal_of(settings | {"first_minorities": 2}, prepared, 0, [missing])
    found = numbers(prepared, deal.seed_sets[missing])
    assert found[0] + found[1] == found[2] + found[3] == 4
    assert found[missing] == 0
    assert all(found[group] >= 2 for group in {1, 2} - {missing})
    assert torch.equal(deal.pool, plain.pool)
    before = numbers(prepared, plain.seed_sets[missing])
    assert missing in (0, 3) or any(before[group] < 2 for group in {1, 2} - {missing})
    same = deals.deal_of(settings | {"first_minorities": 0}, prepared, 0, [missing])
    assert torch.equal(same.seed_sets[missing], plain.seed_sets[missing])


def test_a_larger_seed_set_holds_a_smaller_one_for_every_pool(prepared):
    small = deals.deal_of(SETTINGS, prepared, 0, [2]).seed_sets[2]
    large = deals.deal_of(SETTINGS | {"seed_labels": 12, "pool": 40}, prepared, 0, [2]).seed_sets[2]
    assert set(small.tolist()) < set(large.tolist())


def test_runs_are_scored_on_equal_groups_and_validated_on_what_is_correlated(prepared):
    """Whether the split has looked at groups or not."""
    held = deals.held_of(SETTINGS, prepared, 0)
    assert numbers(prepared, held.parts.test[held.test]) == dict.fromkeys(GROUPS, 20)
    validation = numbers(prepared, held.parts.validation)
    assert validation[0] + validation[3] == 0.75 * 40
    skewed = prepared._replace(attribute=torch.where(torch.arange(320) < 40, 1 - prepared.attribute, prepared.labels))
    held = deals.held_of(SETTINGS | {"correlation": None}, skewed, 0)
    found = numbers(skewed, held.parts.test[held.test])
    assert len(set(found.values())) == 1 and len(held.test) < 80


def test_a_deal_is_of_the_seed_unless_the_split_does_not_vary(prepared):
    one, other = (deals.deal_of(SETTINGS, prepared, seed, [1]) for seed in (0, 1))
    assert set(one.pool.tolist()) != set(other.pool.tolist())
    fixed = deals.deal_of(SETTINGS | {"vary": ["order"]}, prepared, 1, [1])
    assert torch.equal(one.pool, fixed.pool) and torch.equal(one.seed_sets[1], fixed.seed_sets[1])


@pytest.mark.parametrize(
    ("changes", "group", "said"),
    [
        ({"pool": 160}, 1, "quarters has "),
        ({"correlation": 0.95, "pool": 80}, 0, "quarters has 4"),
        (
            {"correlation": 0.95, "pool": 8},
            1,
            "quarters has no example of group 1 in the pool, so it cannot be `missing`",
        ),
        ({"first_minorities": 100}, 3, "quarters has "),
    ],
)
def test_examples_that_are_not_there_are_refused_in_one_sentence(prepared, changes, group, said):
    with pytest.raises(UserError) as error:
        deals.deal_of(SETTINGS | changes, prepared, 0, [group])
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
