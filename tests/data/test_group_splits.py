"""Splits at a correlation of label and attribute: every count exact, parts apart, and as many left as planning says."""

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data import group_splits
from robustpath.data.group_splits import correlated, groups, parted
from robustpath.data.grouped import GroupedDataSet
from robustpath.data.prepared import Prepared
from robustpath.data.splits import split
from robustpath.protocols.supervised.checks import smallest_correlated

RHOS = (0.1, 0.5, 0.75, 0.9, 0.97)


def data(pool, test=None, family=None, strangers=0):
    """Examples without inputs: `pool` and `test` of each [label][attribute]; `family` numbers of the pool's examples;
    `strangers` examples of neither, whose attribute is -1."""
    labels, values, official = [], [], []
    for table, tested in ((pool, False), (test or (), True)):
        for label, row in enumerate(table):
            for value, count in enumerate(row):
                labels += [label] * count
                values += [value] * count
                official += [tested] * count
    labels, values = labels + [0] * strangers, values + [-1] * strangers
    group = None
    if family is not None or strangers:
        group = torch.full((len(labels),), -1)
        own = torch.tensor(family) if family is not None else torch.arange(len(labels) - strangers)
        group[: len(own)] = own
    official = torch.tensor(official + [False] * strangers)
    empty = torch.empty(len(labels), 0)
    return Prepared(empty, torch.tensor(labels), official, group, attribute=torch.tensor(values))


def entry(pool, test=(), largest=1):
    sums = [sum(row) for row in pool]
    tested = sum(sum(row) for row in test)
    return GroupedDataSet(
        "toy", "", "signal", len(pool), sum(sums), tested, min(sums), (), "", "",
        pool_groups=pool, test_groups=test, largest_group=largest,
    )  # fmt: skip


def counts(prepared, chosen, classes, attributes):
    number = groups(prepared.labels[chosen], prepared.attribute[chosen], attributes)
    return torch.bincount(number, minlength=classes * attributes).view(classes, attributes)


@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize(("classes", "attributes"), [(2, 2), (2, 3), (3, 2), (10, 10)])
def test_the_pattern_has_every_count_that_the_correlation_asks_for(classes, attributes, rho):
    rounds = 83
    found = group_splits.pattern(classes * rounds, classes, attributes, rho, generator("pattern"))
    seen = torch.zeros(classes, attributes, dtype=torch.int64)
    for number in range(rounds):
        for one in found[number * classes : (number + 1) * classes].tolist():
            seen[one // attributes, one % attributes] += 1
        assert (seen.sum(1) == number + 1).all()
        own = seen[torch.arange(classes), torch.arange(classes) % attributes]
        assert abs(int(own.sum()) - rho * classes * (number + 1)) <= 0.5 + 1e-9
        assert (own - rho * (number + 1)).abs().max() < 1
        for label in range(classes):
            others = [int(seen[label, value]) for value in range(attributes) if value != label % attributes]
            assert max(others) - min(others) <= 1
    assert len({tuple(found[start : start + classes].tolist()) for start in range(0, len(found), classes)}) > 1


@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize("test", [None, ((60, 90), (80, 70))])
def test_parts_have_the_correlation_the_sizes_and_nothing_in_common(rho, test):
    own = data(((400, 380), (390, 410)), test, strangers=20)
    parts = correlated(own, "toy", 3, rho, 101, 202)
    assert len(torch.cat(parts).unique()) == sum(map(len, parts))
    assert [len(parts.validation), len(parts.test)] == [101, 202]
    assert own.official_test[parts.test].all() == bool(test)
    assert not own.official_test[torch.cat([parts.train, parts.validation])].any()
    assert (own.attribute[torch.cat(parts)] >= 0).all()
    tested = counts(own, parts.test, 2, 2)
    assert int(tested.max() - tested.min()) <= 1
    for sequence in (parts.train, parts.validation):
        for size in range(1, len(sequence) + 1, 7):
            seen = counts(own, sequence[:size], 2, 2)
            assert abs(int(seen.diagonal().sum()) - rho * size) < 1
            assert abs(int(seen[0].sum() - seen[1].sum())) <= 1


def test_a_split_depends_on_data_set_seed_and_correlation_alone_and_sizes_nest():
    own = data(((400, 380), (390, 410)))
    first = correlated(own, "toy", 3, 0.9, 100, 200)
    torch.manual_seed(5)
    assert all(torch.equal(a, b) for a, b in zip(first, correlated(own, "toy", 3, 0.9, 100, 200), strict=True))
    for other in (correlated(own, "toy", 4, 0.9, 100, 200), correlated(own, "other", 3, 0.9, 100, 200)):
        assert not torch.equal(first.train, other.train)
    assert torch.equal(correlated(own, "toy", 3, 0.9, 40, 200).validation, first.validation[:40])
    assert torch.equal(correlated(own, "toy", 3, 0.9, 100, 80).test, first.test[:80])


def families(faces, letters):
    """A pool of two labels with `letters` examples a face each, and the families of its examples: `faces` lists, for
    each of two attributes, how many faces its families have."""
    pool = tuple(tuple(letters * sum(each) for each in faces) for _ in range(2))
    numbers, offset = [], 0
    for each in faces:
        numbers.append([offset + place for place, many in enumerate(each) for _ in range(letters * many)])
        offset += len(each)
    return pool, (numbers[0] + numbers[1]) * 2


@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_families_stay_whole(rho):
    pool, family = families(([4] * 20 + [1] * 10, [6] * 9 + [2] * 12), 5)
    own, found = data(pool, family=family), set()
    for seed in range(6):
        parts = correlated(own, "toy", seed, rho, 60, 80)
        groups_of = [set(own.group[part].tolist()) for part in parts]
        assert not groups_of[0] & groups_of[1] and not groups_of[0] & groups_of[2] and not groups_of[1] & groups_of[2]
        assert [len(parts.validation), len(parts.test)] == [60, 80]
        assert counts(own, parts.test, 2, 2).tolist() == [[20, 20], [20, 20]]
        assert abs(int(counts(own, parts.train, 2, 2).diagonal().sum()) - rho * len(parts.train)) < 1
        # Within a part families are mixed: its beginning is not the faces of one or two.
        assert len(own.group[parts.train[:40]].unique()) > 8
        room = entry(pool, largest=6 * 5).correlated_room(rho, 60, 80)
        assert 0 < room <= len(parts.train)
        found.add(tuple(sorted(groups_of[2])))
    assert len(found) == 6


@pytest.mark.parametrize("rho", [0.05, *RHOS])
@pytest.mark.parametrize(
    ("pool", "test"),
    [
        (((3498, 184), (56, 1057)), ((2255, 2255), (642, 642))),
        (((300, 280), (290, 310)), ()),
        (tuple(tuple(60 if a == y else 7 for a in range(10)) for y in range(10)), ((9,) * 10,) * 10),
        (((50, 60, 40), (70, 40, 50)), ()),
    ],
)
def test_planning_promises_what_every_seed_leaves(rho, pool, test):
    own, known = data(pool, test), entry(pool, test)
    room = known.correlated_room(rho, 40, 60)
    for seed in range(3):
        try:
            left = len(correlated(own, "toy", seed, rho, 40, 60).train)
        except UserError:
            left = 0
        # What is rounded up may cost some rounds: validation, and the count of the group that runs out first.
        scarce = min(rho, (1 - rho) / (known.attributes - 1))
        assert 0 <= left - room <= 3 * known.classes / scarce


def test_without_a_correlation_the_split_is_the_one_that_it_was():
    own = data(((400, 380), (390, 410)))
    settings = {"validation_size": 50, "test_size": 60}
    assert all(
        torch.equal(a, b) for a, b in zip(parted(own, "toy", 1, settings), split(own, "toy", 1, 50, 60), strict=True)
    )
    skewed = parted(own, "toy", 1, settings | {"correlation": 0.9})
    assert all(torch.equal(a, b) for a, b in zip(skewed, correlated(own, "toy", 1, 0.9, 50, 60), strict=True))


@pytest.mark.parametrize(
    ("pool", "test", "sizes", "said"),
    [
        (((50, 50), (50, 50)), ((5, 9), (9, 9)), (10, 40), "the test part of toy at correlation 0.9 needs 10 examples "
         "of label 0 with attribute 0, but 5 are left: lower"),
        (((50, 50), (50, 50)), (), (10, 300), "the test part of toy at correlation 0.9 needs 75"),
        (((50, 50), (2, 50)), ((9, 9), (9, 9)), (60, 12), "the validation part of toy at correlation 0.9 needs 3 "
         "examples of label 1 with attribute 0, but 2 are left"),
        (((50, 0), (50, 50)), ((9, 9), (9, 9)), (40, 12), "label 0 with attribute 1, but 0 are left"),
        (((5, 50), (50, 5)), ((9, 9), (9, 9)), (10, 12), "nothing is left to train on of toy at correlation 0.9"),
    ],
)  # fmt: skip
def test_too_few_of_a_group_is_one_sentence(pool, test, sizes, said):
    with pytest.raises(UserError) as error:
        correlated(data(pool, test), "toy", 0, 0.9, *sizes)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_data_set_without_an_attribute_is_refused():
    with pytest.raises(UserError, match="toy has no attribute that its labels could be correlated with"):
        correlated(data(((9, 9), (9, 9)))._replace(attribute=None), "toy", 0, 0.9, 2, 2)


@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize(("classes", "attributes"), [(2, 2), (2, 3), (3, 2), (10, 10)])
def test_planning_knows_the_fewest_examples_that_hold_every_group(classes, attributes, rho):
    smallest = smallest_correlated(entry(((500,) * attributes,) * classes), rho)
    found = group_splits.pattern(2 * smallest, classes, attributes, rho, generator("pattern"))

    def missing(count):
        return int((torch.bincount(found[:count], minlength=classes * attributes) == 0).sum())

    assert all(missing(count) == 0 for count in range(smallest, 2 * smallest))
    assert missing(smallest - classes) > 0
