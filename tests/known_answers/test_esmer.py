"""ESMER: against a plain loop in the order of the official program."""

from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.memory import NOWHERE

from .conftest import bound, double
from .streams import Visit, close, descended, live, network, random_batch, start

RATE, WEIGHT, MARGIN = 0.3, 0.6, 1.1


def errors_of(teacher, batch):
    return cross_entropy(network(teacher, batch.inputs), batch.labels, reduction="none")


def visits(steps):
    """Batches of four that fill a memory of five, and two replayed examples a step."""
    positions = [[0, 1, 2, 3], [4, 0, NOWHERE, 2], [1, NOWHERE, 3, NOWHERE], [NOWHERE, 4, 0, 1]]
    memory, found = {}, []
    for number, slots in enumerate(positions):
        new = random_batch(30 + number, slots)
        added = {slot: (new.inputs[i], new.labels[i]) for i, slot in enumerate(slots) if slot != NOWHERE}
        held = memory or added
        memory = memory | added
        given = []
        for step in range(steps):
            drawn = [(step + number) % len(held), (step + 2) % len(held), 0]
            inputs, labels = (torch.stack([held[slot][part] for slot in drawn]) for part in (0, 1))
            given.append({"replay": new._replace(inputs=inputs, labels=labels, positions=torch.tensor(drawn))})
        found.append(Visit(new, given))
    return found


def whole(p, batch, replay, teacher, mean, stored):
    """The loss of the official program on a batch and on what of the replayed examples it would have stored."""
    errors = errors_of(teacher, batch)
    weights = [mean / error if mean > 0 and error >= MARGIN * mean else 1.0 for error in errors]
    result = (double([float(weight) for weight in weights]) * errors_of(p, batch)).mean()
    kept = [i for i, slot in enumerate(replay.positions) if stored.get(int(slot))]
    if kept:
        inputs, labels = replay.inputs[kept], replay.labels[kept]
        ours, theirs = network(p, inputs), network(teacher, inputs)
        result = result + WEIGHT * (ours - theirs).square().mean() + cross_entropy(ours, labels)
    return result


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """NeurAI-Lab/ESMER@d528999, models/esmer.py, with the frequency 1 and no warm-up of tasks: the average error that
    counts is that before the batch, and a batch is stored, where its errors allow, when it leaves."""
    params = teacher = start()
    trace = live(bound("esmer", learning_rate=0.05, weight=WEIGHT, rate=RATE, margin=MARGIN), params, visits(steps))
    stored, mean, number, shares = {}, 0.0, 0, []
    for count, visit in enumerate(visits(steps), 1):
        arrived = errors_of(teacher, visit.batch)
        small = [mean == 0 or bool(error <= MARGIN * mean) for error in arrived]
        for given in visit.given:
            about = {
                "batch": visit.batch,
                "replay": given["replay"],
                "teacher": teacher,
                "mean": mean,
                "stored": stored,
            }
            params, number = descended(params, partial(whole, **about), 0.05), number + 1
            assert close(trace.params[number - 1], params)
            shares.append(sum(bool(stored.get(int(slot))) for slot in given["replay"].positions) / 3)
            assert trace.infos[number - 1]["stored"].item() == pytest.approx(shares[-1])
            alpha = min(1 - 1 / (number + 1), 1 - RATE)
            teacher = {name: alpha * teacher[name] + (1 - alpha) * params[name] for name in params}
        stored |= {int(s): small[i] for i, s in enumerate(visit.batch.positions) if s != NOWHERE}
        usual = arrived[~(arrived > arrived.mean() + arrived.std())]
        alpha = min(1 - 1 / (count + 1), 0.99)
        mean = alpha * mean + (1 - alpha) * usual.mean().item()
    assert close(bound("esmer").readout(trace.params[-1], trace.state), teacher)
    assert min(shares[steps:]) < max(shares[steps:]), "of the replayed examples some count and some do not"
