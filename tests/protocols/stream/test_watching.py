"""Scores on the way of a stream, against one model after the other and one example after the other."""

import math

import pytest
import torch
from small_stream import blobs

from robustpath.core.parameters import stack
from robustpath.core.randomness import generator
from robustpath.data.splits import split
from robustpath.engine.source import Data
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.stream.source import course
from robustpath.protocols.stream.streams import stream
from robustpath.protocols.stream.watching import watch

SIZE, REPEATS, CLASSES = 4, 3, 3
ROW = torch.tensor([1, 0, 1])  # the seeds of three members
MODEL = mlp(8, [6], CLASSES)
NETWORK = predict(MODEL)


class Case:
    """The streams of two seeds, and what three members were before every batch and at the end."""

    def __init__(self, kind: str, tasks: int, examples: int = 24, order: str = "batches"):
        data = blobs()
        parts = [split(data, "blobs", seed, 31, 32) for seed in (0, 1)]
        self.streams = [stream(kind, data, parts[seed], tasks, examples, "blobs", seed) for seed in (0, 1)]
        length = tasks * examples
        self.courses = [course(order, length, SIZE, 10, "blobs", seed) for seed in (0, 1)]
        self.tasks, self.batches = tasks, length // SIZE
        self.path = [
            stack(initialise(MODEL, generator("test", member, batch)) for member in range(3))
            for batch in range(self.batches + 1)
        ]
        joined = Data(*(torch.cat([getattr(each, part) for each in self.streams]) for part in ("inputs", "labels")))
        together = joined._replace(labels=joined.labels[None], row=torch.zeros(3, dtype=torch.int64))
        self.watch = watch(
            together,
            self.streams,
            self.courses,
            ROW,
            REPEATS,
            NETWORK,
            {name: tensor[0] for name, tensor in self.path[0].items()},
            CLASSES,
        )

    def seen(self):
        found = self.watch.init()
        for step in range(self.batches * REPEATS + 1):
            params = self.path[step // REPEATS] if step % REPEATS == 0 else None  # nobody may read between
            found = self.watch.look(found, lambda params=params: params, step)
        return found

    def model(self, member: int, batch: int) -> dict:
        return {name: tensor[member] for name, tensor in self.path[batch].items()}

    def hits(self, member: int, params: dict, task: int) -> float:
        """The accuracy on a task, one example after the other."""
        held = self.streams[ROW[member]].held["test"]
        own = [number for number in range(len(held.labels)) if held.task[number] == task]
        right = [int(NETWORK(params, held.inputs[[number]]).argmax()) == int(held.labels[number]) for number in own]
        return sum(right) / len(own)


# Of the second a task ends at a fifth batch, of the others between two looks.
CASES = [("permuted", 3), ("abrupt", 2, 20), ("recurring", 4), ("split", 3), ("domains", 2)]


@pytest.fixture(scope="module", params=CASES, ids=[kind for kind, *_ in CASES])
def case(request):
    made = Case(*request.param)
    return made, made.seen()


def test_logits_are_those_of_the_model_before_the_batch(case):
    made, seen = case
    for member in range(3):
        inputs = made.streams[ROW[member]].inputs
        for place in range(len(inputs)):
            before = NETWORK(made.model(member, place // SIZE), inputs[[place]])[0]
            assert torch.allclose(seen.logits[member, place], before, atol=1e-6)


def test_logits_follow_the_order_of_the_batches():
    made = Case("permuted", 2, order="joint")
    seen, inputs = made.seen(), made.streams[0].inputs
    for place, example in enumerate(made.courses[0].order.flatten().tolist()):
        before = NETWORK(made.model(1, place // SIZE), inputs[[example]])[0]
        assert torch.allclose(seen.logits[1, place], before, atol=1e-6)


def test_every_task_is_scored_before_the_stream_and_after_every_task(case):
    made, seen = case
    scored = int(made.streams[0].held["test"].task.max()) + 1
    assert scored == (2 if made.tasks == 4 else made.tasks)
    assert seen.accuracies.shape == (3, made.tasks + 1, scored)
    for member in range(3):
        for after in range(made.tasks + 1):
            params = made.model(member, after * made.batches // made.tasks)
            for task in range(scored):
                assert seen.accuracies[member, after, task].item() == made.hits(member, params, task)


def test_the_worst_accuracy_is_of_the_first_task_from_its_end_on(case):
    made, seen = case
    first = made.batches // made.tasks
    looks = [batch for batch in range(first, made.batches) if batch % 5 == 0] + [made.batches]
    for member in range(3):
        assert seen.worst[member].item() == min(made.hits(member, made.model(member, batch), 0) for batch in looks), (
            "of every fifth batch and of the end"
        )


def test_movement_is_the_divergence_of_predictions_on_the_probe(case):
    made, seen = case
    for member in range(3):
        held = made.streams[ROW[member]].held["validation"]
        probe = [number * len(held.labels) // 20 for number in range(20)]
        total = 0.0
        for batch in range(made.batches):
            before, after = (
                [NETWORK(made.model(member, place), held.inputs[[number]])[0].double().softmax(0) for number in probe]
                for place in (batch, batch + 1)
            )
            divergences = [
                sum(float(p) * math.log(p / q) for p, q in zip(old, new, strict=True))
                for old, new in zip(before, after, strict=True)
            ]
            total += sum(divergences) / len(probe)
        assert seen.moved[member].item() == pytest.approx(total, rel=1e-4)


def test_the_average_begins_at_the_start_and_keeps_95_percent_of_itself(case):
    made, seen = case
    for member in range(3):
        average = made.model(member, 0)
        for batch in range(1, made.batches + 1):
            now = made.model(member, batch)
            average = {name: 0.95 * average[name] + 0.05 * now[name] for name in now}
        assert all(torch.allclose(seen.averaged[name][member], average[name], atol=1e-6) for name in average)
        found = made.watch.accuracy(seen.averaged)[member].tolist()
        own = {name: tensor[member] for name, tensor in seen.averaged.items()}
        assert found == [made.hits(member, own, task) for task in range(len(found))]


def test_a_stream_that_was_looked_at_is_not_looked_at_within_a_batch(case):
    made, seen = case
    assert made.watch.look(seen, None, 1) is seen
