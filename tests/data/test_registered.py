"""What is compared of every data set with its entry: one change at a time of data that agree with theirs."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.data import registered, sets
from robustpath.data.entries import DataSet
from robustpath.data.grouped import GroupedDataSet
from robustpath.data.prepare import prepare
from robustpath.data.prepared import Prepared

FACTS = {"title": "", "classes": 3, "examples": 8, "official_test": 6, "smallest_class": 2, "files": ()}
PLAIN = DataSet(name="plain", kind="image", **FACTS, licence="", citation="")
COLOUR = replace(PLAIN, channels=3)
SIGNAL = replace(PLAIN, kind="signal")
GROUPED = GroupedDataSet(
    name="grouped", kind="image", **FACTS, licence="", citation="",
    pool_groups=((1, 2), (2, 1), (1, 1)), test_groups=((1, 1), (1, 1), (1, 1)),
)  # fmt: skip
LABELS = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 1])
ATTRIBUTE = torch.tensor([0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1])
GROUP = torch.tensor([*range(8), *[-1] * 7])
TESTED = torch.tensor([False] * 8 + [True] * 6 + [False])
VALIDATION = 1


def images(*shape):
    return torch.linspace(0, 1, 15).reshape(15, *[1] * len(shape)).expand(15, *shape).clone()


def plain(**changed):
    usual = {"inputs": images(4, 4), "labels": LABELS, "official_test": TESTED, "group": GROUP}
    return Prepared(**usual | changed)


def grouped(**changed):
    return plain(**{"attribute": ATTRIBUTE} | changed)


def changed(tensor, place, value):
    other = tensor.clone()
    other[place] = value
    return other


GOOD = [
    (PLAIN, plain()),
    (PLAIN, plain(inputs=images(8, 4))),  # one image above another
    (COLOUR, plain(inputs=images(3, 4, 4))),
    (SIGNAL, plain(inputs=100 * images(5))),
    (SIGNAL, plain(inputs=images(1, 5))),
    (GROUPED, grouped()),
]


@pytest.mark.parametrize(("entry", "data"), GOOD)
def test_what_agrees_with_its_entry_passes(entry, data):
    registered.check(entry, data, 4, 5, VALIDATION)


BAD = [
    (PLAIN, plain(inputs=images(4, 5)), "of shape (4, 5), and each should have 4 x 4 pixels"),
    (PLAIN, plain(inputs=images(3, 4, 4)), "of shape (3, 4, 4)"),
    (PLAIN, plain(inputs=images(4, 4)[:14]), "inputs have the shape (14, 4, 4)"),
    (PLAIN, plain(inputs=images(4, 4).double()), "the type torch.float64"),
    (COLOUR, plain(), "4 x 4 pixels in 3 channels"),
    (SIGNAL, plain(inputs=images(4)), "and each should have 5 numbers"),
    (PLAIN, plain(inputs=changed(images(4, 4), 3, float("nan"))), "the inputs lie from nan to nan"),
    (PLAIN, plain(inputs=changed(images(4, 4), 3, 1.01)), "from 0 to 1.01, not from 0 to 1"),
    (PLAIN, plain(inputs=changed(images(4, 4), 3, -0.01)), "from -0.01 to 1, not"),
    (SIGNAL, plain(inputs=changed(images(5), 3, float("inf"))), "the inputs lie from 0 to inf"),
    (SIGNAL, plain(inputs=changed(images(5), 3, float("nan"))), "the inputs lie from nan"),
    (PLAIN, plain(labels=changed(LABELS, 3, -1)), "labels go from -1 to 2, not from 0 to 2"),
    (PLAIN, plain(labels=changed(LABELS, 3, 3)), "labels go from 0 to 3, not from 0 to 2"),
    (PLAIN, plain(labels=LABELS.double()), "labels have the shape (15,) and the type torch.float64"),
    (PLAIN, plain(labels=LABELS[:, None]), "labels have the shape (15, 1)"),
    (PLAIN, plain(labels=changed(LABELS, 6, 0)), "the rarest class of the pool should hold 2"),
    (PLAIN, plain(labels=changed(LABELS, 8, 1)), "the rarest class of the official test part should hold 2"),
    (PLAIN, plain(group=None), "the validation part should hold 1 examples and hold 0"),
    (PLAIN, plain(group=changed(GROUP, 0, -1)), "the validation part should hold 1 examples and hold 2"),
    (PLAIN, plain(group=changed(GROUP, 0, 15)), "group go from -1 to 15, not from -1 to 14"),
    (PLAIN, plain(group=changed(GROUP, 0, -2)), "group go from -2"),
    (PLAIN, plain(group=changed(GROUP, 9, 3)), "a test example is in the pool too"),
    (PLAIN, plain(domain=torch.zeros_like(LABELS)), "domain go from 0 to 0, not from -1 to -1"),
    (PLAIN, plain(severity=torch.full_like(LABELS, 6)), "severity go from 6 to 6, not from 1 to 5"),
    (PLAIN, plain(attribute=ATTRIBUTE), "attribute go from 0 to 1, not from 0 to 0"),
    (GROUPED, grouped(attribute=changed(ATTRIBUTE, 0, 2)), "attribute go from 0 to 2, not from 0 to 1"),
    (GROUPED, grouped(attribute=changed(ATTRIBUTE, 0, -1)), "attribute go from -1"),
    (GROUPED, grouped(attribute=changed(ATTRIBUTE, 0, 1)), "groups of the training part should hold 1, 2, 2, 1, 1, 1"),
    (GROUPED, grouped(labels=changed(LABELS, 8, 1)), "classes of the test part should hold 2, 2, 2 examples"),
    (replace(PLAIN, examples=9), plain(), "the pool should hold 9 examples and hold 8"),
    (replace(PLAIN, official_test=7), plain(), "the official test part should hold 7 examples and hold 6"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "data", "fault"), BAD, ids=[fault for *_, fault in BAD])
def test_all_that_disagrees_is_named(entry, data, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        registered.check(entry, data, 4, 5, VALIDATION)


def test_nothing_is_prepared_of_an_entry_that_does_not_describe_what_its_reader_gives(tmp_path, monkeypatch):
    module = sets.load("optdigits")
    monkeypatch.setattr(module, "ENTRY", replace(module.ENTRY, examples=1798))
    with pytest.raises(UserError) as error:
        prepare({"dataset": "optdigits", "image_size": 8}, tmp_path / "out", tmp_path / "card")
    assert str(error.value) == (
        f"{module.__file__} does not read what its ENTRY describes (the pool should hold 1798 examples and hold 1797): "
        "correct one of the two"
    )
    assert not list(tmp_path.iterdir())


def test_a_generator_is_checked_like_a_file(tmp_path, monkeypatch):
    module = sets.load("mnist1d")
    signals, labels, official = module.read({})
    monkeypatch.setattr(module, "read", lambda files: (np.where(signals > 3, np.nan, signals), labels, official))
    with pytest.raises(UserError, match="the inputs lie from nan to nan"):
        prepare({"dataset": "mnist1d", "image_size": None}, tmp_path / "out", tmp_path / "card")
