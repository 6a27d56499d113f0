"""What a run is told about its examples: looked up one by one."""

import pytest
import torch
from cell import SETTINGS

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.methods.base import Method
from robustpath.protocols.supervised import training

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


def test_who_is_told_groups_meets_the_same_batches(prepared):
    for (one, _), (other, _) in zip(dealt(cell(prepared, groups=1)), dealt(cell(prepared, probe=1)), strict=True):
        assert all(torch.equal(tensor, other.batch[name]) for name, tensor in one.batch.items())


def test_a_data_set_without_an_attribute_is_refused(prepared):
    with pytest.raises(UserError, match="sgd learns from groups and blobs has no attribute that tells them: take"):
        cell(prepared._replace(attribute=None), groups=1)


def test_more_groups_than_there_is_room_for_are_refused(prepared):
    with pytest.raises(UserError, match="blobs has 150 groups and sgd has room for 128"):
        cell(prepared._replace(attribute=torch.arange(150) % 50), groups=1)
