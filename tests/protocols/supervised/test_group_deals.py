"""What a run is given about its examples: looked up one by one."""

import pytest
import torch
from cell import SETTINGS
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.methods.base import Method, build
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import orders, training

SIZES = {"train_sizes": [40, 60], "label_noise": [0.0, 0.5], "batch_size": 8, "budget": 12}
RUNS = [training.Run(60, 0.0, 0, 0), training.Run(40, 0.5, 1, 0), training.Run(60, 0.5, 1, 1)]


@pytest.fixture(scope="module")
def prepared():
    """Three classes and two attributes, one of them rare in each class; the inputs tell the place."""
    number = torch.arange(150)
    inputs = torch.randn(150, 5, generator=generator("groups"))
    inputs[:, 0] = number.float()
    labels = number % 3
    rare = number // 3 % 5 == 0
    return Prepared(inputs, labels, torch.zeros(150, dtype=torch.bool), attribute=(labels + rare) % 2)


def asking(**needs):
    """A stand-in for SGD that needs something more."""
    plain = training.methods.load("sgd")

    def factory(**hyperparameters) -> Method:
        method = plain.factory(**hyperparameters)
        order = needs.get("order", "batches")
        return method.replace(needs={name: n for name, n in needs.items() if name != "order"}, order=order)

    return plain.__class__(**{**plain.__dict__, "factory": factory})


def cell(prepared, **needs):
    return training.Cell(SETTINGS | SIZES, asking(**needs), prepared, torch.device("cpu"), len(RUNS))


def dealt(made, steps=12):
    """What is dealt in each step, and the places in the data of the examples of a batch."""
    source = made.source(RUNS)
    state = source.init()
    for step in range(steps):
        state, found = source.next(state, None, made.stages[0], step)
        yield found, found.batch["inputs"][:, :, 0].long()


def test_every_example_of_a_batch_comes_with_its_group(prepared):
    made, seen = cell(prepared, groups=1), set()
    for found, places in dealt(made):
        groups = found.given["groups"]
        assert groups["inputs"].shape == (3, 8, 2), "a column for each attribute"
        assert torch.equal(groups["labels"], found.batch["labels"] * 2 + prepared.attribute[places])
        seen |= set(groups["labels"].flatten().tolist())
    assert seen == set(range(6))


def test_a_method_given_groups_meets_the_same_batches(prepared):
    for (one, _), (other, _) in zip(dealt(cell(prepared, groups=1)), dealt(cell(prepared, probe=1)), strict=True):
        assert all(torch.equal(tensor, other.batch[name]) for name, tensor in one.batch.items())


def test_a_data_set_without_an_attribute_is_refused(prepared):
    with pytest.raises(UserError, match="sgd learns from groups and blobs has no attribute that tells them: take"):
        cell(prepared._replace(attribute=None), groups=1)


def test_more_groups_than_there_is_room_for_are_refused(prepared):
    with pytest.raises(UserError, match="blobs has 150 groups and sgd has room for 128"):
        cell(prepared._replace(attribute=torch.arange(150) % 50), groups=1)


def test_the_balanced_examples_are_of_the_hold_out_as_many_of_each_group(prepared):
    made = cell(prepared, balanced=18)
    for step, (found, places) in enumerate(dealt(made)):
        assert found.given.keys() == {"balanced"}
        own = found.given["balanced"]
        for member, run in enumerate(RUNS):
            pool, left = made.pools[run.seed].tolist(), run.train_size * 4 // 5
            held = own["inputs"][member, :, 0].long()
            assert set(places[member].tolist()) <= set(pool[:left])
            assert set(held.tolist()) <= set(pool[left : run.train_size])
            groups = own["labels"][member] * 2 + prepared.attribute[held]
            there = made.data.labels[made.rows.index((run.label_noise, run.seed))][pool[left : run.train_size]]
            there = (there * 2 + prepared.attribute[pool[left : run.train_size]]).unique()
            counts = torch.bincount(groups, minlength=6)[there]
            assert counts.sum() == 18 and counts.max() - counts.min() <= 1
        assert step or set(held.tolist()) != set(pool[left : left + 18]), "not simply the first ones"


@pytest.fixture
def parent(monkeypatch):
    """A parent with another network for every run."""
    model = mlp(5, [6], 3)

    def of(run):
        return initialise(model, generator("parent", run.train_size, run.seed, run.label_noise))

    monkeypatch.setattr(training.portions, "of_parent", lambda *files: of)
    return lambda run, inputs: predict(model)(of(run), inputs)


def with_parent(prepared, gives="losses", **needs):
    settings, files = SETTINGS | SIZES | {"parent": {"gives": gives}}, ("weights", "runs")
    return training.Cell(settings, asking(**needs), prepared, torch.device("cpu"), len(RUNS), files)


@pytest.mark.parametrize("needs", [{"irreducible": 1}, {"irreducible": 1, "stream": 20, "holdout": 4}])
def test_losses_of_the_parent_are_those_of_the_examples_beside_them(prepared, parent, needs):
    for found, _ in dealt(with_parent(prepared, **needs)):
        seen = found.given.get("stream", found.batch)
        assert found.given.keys() == needs.keys()
        for member, run in enumerate(RUNS):
            logits = parent(run, seen["inputs"][member])
            expected = cross_entropy(logits, seen["labels"][member], reduction="none")
            torch.testing.assert_close(found.given["irreducible"]["labels"][member], expected)


def test_a_run_whose_parent_is_a_reference_begins_afresh(prepared, parent):
    made, child = with_parent(prepared, probe=1), with_parent(prepared, "parameters", probe=1)
    for run in RUNS:
        assert all(torch.equal(tensor, made.start[run.seed][name]) for name, tensor in made._first(run).items())
        assert not torch.equal(child._first(run)["1.weight"], made._first(run)["1.weight"])


def test_a_cell_without_the_parent_that_it_looks_at_is_refused(prepared, parent):
    with pytest.raises(UserError, match="experiment data_efficiency names none: give it a `parent`"):
        with_parent(prepared, "parameters", irreducible=1)


def met(made, steps=12):
    """All examples that the runs meet, in order [M, steps * b]."""
    return torch.cat([places for _, places in dealt(made, steps)], 1)


def pairs(made, places, prepared):
    """Labels that the run sees and attributes, of places [S] of the first run."""
    return made.data.labels[made.rows.index((0.0, 0))][places], prepared.attribute[places]


@pytest.mark.parametrize("order", ["minority_first", "minority_last", "attribute_blocks"])
def test_an_order_of_exposure_changes_nothing_but_the_order(prepared, order):
    plain, other = met(cell(prepared, groups=1)), met(cell(prepared, groups=1, order=order))
    assert torch.equal(plain.sort(1).values, other.sort(1).values)
    assert not torch.equal(plain, other)


def test_the_minority_comes_by_turns_with_the_majority_until_it_is_used_up(prepared):
    made = cell(prepared, groups=1, order="minority_first")
    labels, attribute = pairs(made, met(made)[0], prepared)
    rare = (attribute != labels % 2).tolist()
    count = sum(rare)
    assert 0 < count < 48
    assert rare == [True, False] * count + [False] * (96 - 2 * count)
    last = cell(prepared, groups=1, order="minority_last")
    labels, attribute = pairs(last, met(last)[0], prepared)
    assert (attribute != labels % 2).tolist() == rare[::-1]


def test_blocks_hold_one_attribute_each(prepared):
    made = cell(prepared, groups=1, order="attribute_blocks")
    _, attribute = pairs(made, met(made)[0], prepared)
    assert torch.equal(attribute, attribute.sort().values)
    assert attribute.unique().tolist() == [0, 1]


def test_easy_examples_come_early_and_hard_ones_late(prepared, parent):
    """The easiest is met in the first half of training alone, the hardest in the second, and in between it rises."""
    needs = {"irreducible": 1, "order": "easy_to_hard"}
    files = ("weights", "runs")
    for budget in (10, 20):  # 80 and 160 of 40 examples: two and four passes
        settings = SETTINGS | SIZES | {"budget": budget, "parent": {"gives": "losses"}}
        made = training.Cell(settings, asking(**needs), prepared, torch.device("cpu"), len(RUNS), files)
        run = RUNS[1]
        losses = made.beside(RUNS, [made.rows.index((each.label_noise, each.seed)) for each in RUNS]).losses[1]
        places = met(made, budget)[1]
        pool = made.pools[run.seed][:40]
        ranked = pool[losses[pool].argsort()]
        passes = budget * 8 // 40
        when = {place: (places == place).nonzero()[:, 0] for place in pool.tolist()}
        assert {len(each) for each in when.values()} == {passes}
        assert when[ranked[0].item()].max() < budget * 8 / 2
        assert when[ranked[-1].item()].min() >= budget * 8 / 2 * (1 - 1 / 20)
        middle = torch.stack([when[place].double().mean() for place in ranked.tolist()])
        assert (middle.diff() >= 0).all()


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("minority_first", orders.minority_first),
        ("minority_last", orders.minority_last),
        ("attribute_blocks", orders.by_attribute),
        ("easy_to_hard", orders.easy_to_hard),
    ],
)
def test_each_method_of_exposure_has_its_own_order_and_what_the_order_looks_at(name, order):
    method = build(training.methods.load(name), {})
    assert orders.ORDERS[method.order] is order
    assert method.needs.keys() == ({"irreducible"} if name == "easy_to_hard" else {"groups"})
