"""The streams: what a task is, what its held-out examples are, what is drawn, and what no data set can give."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.core.fingerprint import SOURCE
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.data.registry import DATASETS, largest_train
from robustpath.data.splits import split
from robustpath.protocols.stream import kinds
from robustpath.protocols.stream.streams import PLANS, rotated, shifted, stream

CLASSES, PER_CLASS, SIDE = 6, 40, 4
# Every example is known by its first number, and every place of an input by the second decimal.
LABELS = torch.arange(CLASSES).repeat(PER_CLASS)
COUNT = len(LABELS)
INPUTS = torch.arange(COUNT)[:, None, None] + torch.arange(SIDE * SIDE).reshape(1, SIDE, SIDE) / 100
DOMAIN = (torch.arange(COUNT) // CLASSES) % 2
DATA = Prepared(INPUTS, LABELS, torch.zeros(COUNT, dtype=torch.bool), attribute=DOMAIN)
PARTS = split(DATA, "toy", 0, 36, 60)
EXAMPLES = 24


def made(kind, tasks=3, examples=EXAMPLES, seed=0, data=DATA):
    return stream(kind, data, PARTS, tasks, examples, "toy", seed)


def origin(inputs):
    """The examples that inputs were made from, in any order of their numbers: int64 [n]."""
    return inputs.flatten(1).amax(1).long()


def orders(inputs):
    """The order in which the numbers of an input stand: int64 [n, SIDE * SIDE]."""
    return ((inputs.flatten(1) - origin(inputs)[:, None]) * 100).round().long()


TASKS = {kind: 2 if kind == "domains" else 3 for kind in kinds.KINDS if kind != "rotated"}


@pytest.mark.parametrize(("kind", "tasks"), TASKS.items())
def test_a_stream_has_its_examples_task_after_task_and_holds_out_what_the_split_does(kind, tasks):
    made_stream = made(kind, tasks)
    assert torch.equal(made_stream.task, torch.arange(tasks).repeat_interleave(EXAMPLES))
    assert made_stream.inputs.shape == (tasks * EXAMPLES, SIDE, SIDE)
    assert torch.equal(made_stream.labels, LABELS[origin(made_stream.inputs)])
    for number in range(tasks):
        own = origin(made_stream.inputs[made_stream.task == number])
        assert len(own.unique()) == EXAMPLES
        assert torch.isin(own, PARTS.train).all()
    for name, part in (("validation", PARTS.validation), ("test", PARTS.test)):
        held = made_stream.held[name]
        assert torch.equal(held.labels, LABELS[origin(held.inputs)])
        assert torch.equal(origin(held.inputs).unique(), part.sort().values)


@pytest.mark.parametrize(("kind", "tasks"), TASKS.items())
def test_no_image_is_scored_twice_and_tasks_that_share_all_examples_divide_them_evenly(kind, tasks):
    for name, held in made(kind, tasks).held.items():
        assert len(origin(held.inputs).unique()) == len(held.inputs)
        if kind not in ("split", "domains"):
            sizes = torch.bincount(held.task)
            assert len(sizes) == (2 if kind == "recurring" else tasks)
            assert (sizes == len(getattr(PARTS, name)) // len(sizes)).all()


@pytest.mark.parametrize(("kind", "tasks"), TASKS.items())
def test_a_stream_depends_on_its_key_alone(kind, tasks):
    torch.manual_seed(1)
    first = made(kind, tasks)
    torch.manual_seed(2)
    again, other = made(kind, tasks), made(kind, tasks, seed=1)
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.held["test"].inputs, again.held["test"].inputs)
    assert not torch.equal(first.inputs, other.inputs)


def test_each_task_draws_examples_of_its_own_in_an_order_of_their_own():
    drawn = origin(made("abrupt").inputs).reshape(3, EXAMPLES)
    assert len({tuple(own.sort().values.tolist()) for own in drawn}) == 3
    assert not any(torch.equal(LABELS[own], LABELS[PARTS.train[:EXAMPLES]]) for own in drawn)


def test_permutations_are_bijections_that_differ_between_tasks_and_hold_for_held_out_examples():
    made_stream = made("permuted")
    first = made_stream.inputs[::EXAMPLES]
    expected = orders(first)
    assert torch.equal(expected.sort(1).values, torch.arange(SIDE * SIDE).expand(3, -1))
    assert len({tuple(order) for order in [*expected.tolist(), list(range(SIDE * SIDE))]}) == 4
    for part in (made_stream, *made_stream.held.values()):
        assert torch.equal(orders(part.inputs), expected[part.task])
    assert not torch.equal(orders(made("permuted", seed=1).inputs[:1]), expected[:1])


def test_split_tasks_have_disjoint_classes_of_equal_number_in_an_order_of_the_seed():
    made_stream = made("split")
    own = [set(made_stream.labels[made_stream.task == number].tolist()) for number in range(3)]
    assert [len(classes) for classes in own] == [2, 2, 2]
    assert set.union(*own) == set(range(CLASSES))
    for held in made_stream.held.values():
        assert [set(held.labels[held.task == number].tolist()) for number in range(3)] == own
    assert torch.equal(orders(made_stream.inputs), torch.arange(SIDE * SIDE).expand(len(made_stream.inputs), -1))
    seeds = [made("split", seed=seed) for seed in range(6)]
    assert len({frozenset(each.labels[each.task == 0].tolist()) for each in seeds}) > 1


def test_domains_come_in_the_order_of_the_attribute():
    made_stream = made("domains", 2)
    for part in (made_stream, *made_stream.held.values()):
        assert torch.equal(DOMAIN[origin(part.inputs)], part.task)


def test_a_gradual_shift_grows_from_nothing_to_half_the_length_and_is_held_out_at_the_middle_of_a_task():
    gradual, abrupt = made("gradual"), made("abrupt")
    length, most = 3 * EXAMPLES, SIDE // 2
    shifts = torch.tensor([place * (most + 1) // length for place in range(length)])
    assert (shifts[0], shifts[-1]) == (0, most)
    for row, place in zip(gradual.inputs, range(length), strict=True):
        assert torch.equal(row, INPUTS[origin(row[None])[0]].roll(int(shifts[place]), -1))
    middles = shifts[torch.tensor([12, 36, 60])]
    assert middles.tolist() == [0, 1, 2]
    for part in (abrupt, *abrupt.held.values(), *gradual.held.values()):
        for row, task in zip(part.inputs, part.task, strict=True):
            assert torch.equal(row, INPUTS[origin(row[None])[0]].roll(int(middles[task]), -1))
    assert torch.equal(origin(gradual.inputs), origin(abrupt.inputs))


def test_a_shift_moves_signals_and_colour_images_along_their_last_axis():
    signals, images = torch.randn(5, 40), torch.randn(2, 3, 6, 6)
    assert torch.equal(shifted(signals, torch.arange(5))[3], signals[3].roll(3))
    assert torch.equal(shifted(images, torch.tensor(2)), images.roll(2, -1))


def test_recurring_tasks_are_two_permutations_by_turns_and_two_are_held_out():
    made_stream, permuted = made("recurring", 5), made("permuted", 2)
    expected = orders(permuted.inputs[::EXAMPLES])
    assert torch.equal(orders(made_stream.inputs), expected[made_stream.task % 2])
    for name, held in made_stream.held.items():
        assert torch.equal(held.inputs, permuted.held[name].inputs)
        assert held.task.unique().tolist() == [0, 1]


def test_rotated_tasks_turn_training_and_held_out_images_by_one_angle_each():
    spot = torch.zeros(COUNT, 31, 31)
    spot[:, 14:17, 26:29] = 1  # to the right of the centre
    made_stream = made("rotated", data=DATA._replace(inputs=spot))
    angles = []
    for number in range(3):
        (first, *rest) = made_stream.inputs[made_stream.task == number]
        held = [part.inputs[part.task == number] for part in made_stream.held.values()]
        assert all(torch.equal(image, first) for image in [*rest, *torch.cat(held)])
        row, column = first.nonzero().double().mean(0)
        angles.append(float(torch.rad2deg(torch.atan2(15 - row, column - 15))))
    assert all(0 <= angle < 180 for angle in angles)  # counter-clockwise
    expected = [
        180 * float(torch.rand((), dtype=torch.float64, generator=generator("stream", "angle", "toy", 0, number)))
        for number in range(3)
    ]
    assert angles == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("shape", [(5, 8, 8), (5, 3, 7, 7)])
def test_quarter_turns_are_exact(shape):
    images = torch.rand(shape)
    for quarters in range(4):
        assert torch.equal(rotated(images, 90.0 * quarters), images.rot90(quarters, (-2, -1)))


def test_every_kind_has_a_plan_and_a_description():
    assert set(PLANS) == set(kinds.KINDS)
    assert all(kinds.KINDS.values())


@pytest.mark.parametrize(
    ("kind", "tasks", "examples", "sentence"),
    [
        ("scrambled", 3, 24, "there is no stream 'scrambled': set stream to one of permuted"),
        ("permuted", 1, 24, "set tasks to at least 2"),
        ("permuted", 3, 145, "toy has 144 training examples for a task, fewer than 145: lower examples"),
        ("split", 4, 24, "the 6 classes of toy do not divide into 4 equal tasks: set tasks to 2 or 3 or 6"),
        ("split", 3, 49, "toy has 48 training examples for a task, fewer than 49: lower examples"),
        ("domains", 3, 24, "toy is made of 2 data sets, fewer than 3 tasks: set tasks to at most 2"),
    ],
)
def test_what_the_data_cannot_give_is_refused_in_one_sentence(kind, tasks, examples, sentence):
    with pytest.raises(UserError) as error:
        made(kind, tasks, examples)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_what_the_form_of_the_data_excludes_is_refused():
    with pytest.raises(UserError, match="toy is not made of several data sets: choose another stream"):
        made("domains", 2, data=DATA._replace(attribute=None))
    with pytest.raises(UserError, match="toy has no images to rotate"):
        made("rotated", data=DATA._replace(inputs=INPUTS.flatten(1)))
    few = PARTS._replace(validation=PARTS.validation[DOMAIN[PARTS.validation] == 0])
    with pytest.raises(UserError, match="the validation examples hold none of task 2: raise validation_size"):
        stream("domains", DATA, few, 2, 24, "toy", 0)


def test_planning_refuses_what_the_stream_would_refuse():
    entry = replace(DATASETS["optdigits"], joined=("a", "b", "c"))
    assert entry.room(300, 600) == largest_train("optdigits", 300, 600) == 840
    fits = {"permuted": 840, "recurring": 840, "gradual": 840, "abrupt": 840, "rotated": 840}
    for kind, most in fits.items():
        assert kinds.possible(kind, 4, most, entry, 300, 600) is None
        assert "has 840 training examples" in kinds.possible(kind, 4, most + 1, entry, 300, 600)
    assert kinds.possible("split", 5, 168, entry, 300, 600) is None
    assert "has 168 training examples" in kinds.possible("split", 5, 169, entry, 300, 600)
    assert "do not divide into 3" in kinds.possible("split", 3, 10, entry, 300, 600)
    assert "raise test_size" in kinds.possible("split", 5, 10, entry, 300, 9)
    assert "raise validation_size" in kinds.possible("permuted", 20, 10, entry, 19, 100)
    assert kinds.possible("permuted", 20, 10, entry, 20, 100) is None
    assert kinds.possible("domains", 3, 280, entry, 300, 600) is None
    assert "has 280 training examples" in kinds.possible("domains", 3, 281, entry, 300, 600)
    assert "no images to rotate" in kinds.possible("rotated", 3, 10, DATASETS["mnist1d"], 300, 600)
    assert "not made of several data sets" in kinds.possible("domains", 2, 10, DATASETS["optdigits"], 300, 600)
    assert "has 0 training examples" in kinds.possible("permuted", 2, 10, entry, 1000, 1000)


def test_planning_imports_no_torch():
    code = "import sys; from robustpath.protocols.stream import kinds; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
