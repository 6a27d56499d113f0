"""What must hold for every registered acquisition; a new one is tested here as soon as its file exists."""

from pathlib import Path

import pytest
import torch
from pools import acquisition, pool, registered

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.core.source import constants
from robustpath.methods import manifold, roles
from robustpath.methods.acquiring import noted
from robustpath.methods.base import build, draw
from robustpath.protocols.acquisition.on_the_way import NOTES

NAMES = roles.acquisitions()
CONDITIONAL = {"sampled", "attribute", "earlier"}  # what a view holds only for acquisitions that say that they read it


def needs(name):
    """What an acquisition says that it reads of CONDITIONAL; an oracle says it by its name."""
    stated = constants(Path(methods.__file__).parent / methods.names()[name] / f"{name}.py").get("NEEDS", ())
    return {*stated, *(("attribute",) if "oracle" in name else ())}


def ends(name):
    """The acquisition with all hyperparameters at the lower ends of their ranges, and at the upper ends."""
    spec = methods.load(name)
    for u in (0.0, 1 - 1e-9):
        yield build(spec, {key: torch.tensor(space.sample(u)) for key, space in spec.search.items()})


def chosen(acquire, view, count, seed=0):
    """What an acquisition chooses, as a list, after the checks that hold always."""
    found = noted(acquire(view, count, generator("acquire", seed))).positions
    assert found.dtype == torch.int64
    assert found.shape == (count,)
    assert len(set(found.tolist())) == count
    assert set(found.tolist()) <= set(view.unlabelled.tolist())
    return found.tolist()


def flat(view):
    """The same pool, of examples that are all alike."""
    alike = {name: torch.ones_like(values) for name, values in view.representations.items()}
    return view._replace(
        inputs=torch.ones_like(view.inputs),
        logits=view.head(alike["penultimate"]),
        sampled=view.head(alike["penultimate"]).expand_as(view.sampled),
        representations=alike,
        attribute=torch.zeros_like(view.attribute),
        earlier=view.head(alike["penultimate"]).expand_as(view.earlier),
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_what_it_reads(name):
    spec = methods.load(name)
    assert (spec.name, spec.family, spec.base) == (name, methods.names()[name], None)
    assert spec.source.endswith(".") or ":" in spec.source
    assert needs(name) <= CONDITIONAL
    assert draw(spec, 3, 0) == {key: space.default for key, space in spec.search.items()}
    for key, space in spec.search.items():
        assert space.describe(), key


@pytest.mark.parametrize("name", NAMES)
def test_it_chooses_so_many_different_unlabelled_examples_and_the_same_again(name):
    acquire, view = acquisition(name), pool()
    kept = [field.clone() for field in view if torch.is_tensor(field)]
    first = chosen(acquire, view, 7)
    assert chosen(acquire, view, 7) == first
    assert chosen(acquisition(name), pool(), 7) == first
    assert all(map(torch.equal, kept, [field for field in view if torch.is_tensor(field)]))
    assert len({tuple(chosen(acquire, pool(seed=seed), 7)) for seed in range(4)}) > 1


@pytest.mark.parametrize("name", NAMES)
def test_one_example_and_all_of_them_can_be_chosen(name):
    acquire, view = acquisition(name), pool()
    chosen(acquire, view, 1)
    assert sorted(chosen(acquire, view, len(view.unlabelled))) == view.unlabelled.tolist()
    small = pool(examples=6, labelled=3)
    assert sorted(chosen(acquire, small, 3)) == small.unlabelled.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_all_ranges_work(name):
    for acquire in ends(name):
        for view in (pool(), pool(examples=12, labelled=4)):
            assert chosen(acquire, view, 5) == chosen(acquire, view, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_without_a_label_is_no_obstacle(name):
    view = pool()
    for kept in (view.labels != 2, view.labels == 1):
        fewer = view._replace(
            labelled=view.labelled[kept],
            labels=view.labels[kept],
            correct=view.correct[:, kept],
            losses=view.losses[:, kept],
        )
        for acquire in (acquisition(name), *ends(name)):
            chosen(acquire, fewer, 7)


@pytest.mark.parametrize("name", NAMES)
def test_of_examples_that_are_all_alike_the_first_are_chosen_where_nothing_is_drawn(name):
    view, source = flat(pool()), generator("acquire", 0)
    before = source.get_state()
    found = acquisition(name)(view, 9, source)
    if torch.equal(before, source.get_state()):
        assert found.tolist() == view.unlabelled[:9].tolist()
    assert chosen(acquisition(name), view, 9) == found.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_what_it_does_not_say_that_it_reads_changes_nothing(name):
    """The labels of unlabelled examples are not in a view. Their attributes are for an oracle alone, and passes with
    dropout and predictions at earlier moments are taken for those that read them."""
    acquire, view = acquisition(name), pool()
    others = {
        "attribute": [None, view.attribute[torch.randperm(len(view.attribute), generator=generator("shuffled"))]],
        "sampled": [torch.full_like(view.sampled, torch.nan)],
        "earlier": [None, torch.full_like(view.earlier, torch.nan)],
    }
    for field in CONDITIONAL - needs(name):
        for other in others[field]:
            assert chosen(acquire, view._replace(**{field: other}), 7) == chosen(acquire, view, 7), field


@pytest.mark.parametrize("name", NAMES)
def test_notes_are_those_of_acquisitions_with_anchors_and_choose_nothing(name, monkeypatch):
    view, streams = pool(), [generator("acquire", 0) for _ in range(2)]
    found = noted(registered(name)(view, 7, streams[0]))
    anchored = name.startswith("parallelogram") or name in ("alvin", "anchor_al")
    assert found.notes.keys() == set(NOTES if anchored else ())
    monkeypatch.setattr(manifold, "notes", lambda anchors, pool, candidates: {})
    without = noted(registered(name)(pool(), 7, streams[1]))
    assert torch.equal(without.positions, found.positions) and not without.notes
    assert torch.equal(*[stream.get_state() for stream in streams])
    if anchored:
        assert found.notes["off_manifold"] >= 0 and 0 < found.notes["candidate_share"] <= 1


@pytest.mark.parametrize("name", [name for name in NAMES if needs(name)])
def test_what_it_says_that_it_reads_changes_something(name):
    acquire, changed = acquisition(name), False
    for seed in range(4):
        view, order = pool(seed=seed), torch.randperm(60, generator=generator("shuffled", seed))
        shuffled = {name: getattr(view, name)[:, order] for name in ("sampled", "earlier")}
        shuffled["attribute"] = view.attribute[order]
        other = view._replace(**{field: shuffled[field] for field in needs(name)})
        changed |= chosen(acquire, other, 7) != chosen(acquire, view, 7)
    assert changed


def test_methods_that_train_and_acquisitions_are_all_methods():
    assert {*roles.training(), *NAMES} == {*methods.names()}
    assert not {*roles.training()} & {*NAMES}
    assert {"sgd", "er"} <= {*roles.training()}
    assert {"random_acquisition", "badge"} <= {*NAMES}
