"""CLS-ER: against a plain loop in the order of the official program, and which teacher is followed."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from .conftest import bound
from .streams import close, crowded, descended, live, network, start

PLASTIC, SLOWNESS, WEIGHT = 0.3, 6.0, 2.0


def followed(plastic, stable, replay):
    """The logits of the teacher that is more confident of the label, example by example, and whether both occur."""
    rows, chosen = [], []
    logits = network(plastic, replay.inputs), network(stable, replay.inputs)
    for one, other, label in zip(*logits, replay.labels, strict=True):
        chosen.append(bool(other.softmax(0)[label] > one.softmax(0)[label]))
        rows.append(other if chosen[-1] else one)
    return torch.stack(rows), chosen


def moved(teacher, params, rate, steps):
    alpha = min(1 - 1 / (steps + 1), 1 - rate)
    return {name: alpha * teacher[name] + (1 - alpha) * params[name] for name in params}


@pytest.mark.parametrize("steps", [1, 4])
def test_a_stream_against_the_plain_loop(steps):
    """NeurAI-Lab/CLS-ER@4620d09, models/clser.py, with both frequencies 1."""
    params = plastic = stable = start()
    own = {"learning_rate": 0.05, "weight": WEIGHT, "plastic_rate": PLASTIC, "slowness": SLOWNESS}
    trace, seen, number = live(bound("cls_er", **own), params, crowded(steps)), [], 0
    for visit in crowded(steps):
        for given in visit.given:
            replay = given["replay"]
            target, chosen = followed(plastic, stable, replay)
            inputs = torch.cat([visit.batch.inputs, replay.inputs])
            labels = torch.cat([visit.batch.labels, replay.labels])

            def objective(p, inputs=inputs, labels=labels, replay=replay, target=target):
                consistency = (network(p, replay.inputs) - target).square().mean()
                return WEIGHT * consistency + cross_entropy(network(p, inputs), labels)

            params = descended(params, objective, 0.05)
            assert close(trace.params[number], params)
            number, seen = number + 1, seen + chosen
            plastic, stable = (
                moved(teacher, params, rate, number)
                for teacher, rate in ((plastic, PLASTIC), (stable, PLASTIC / SLOWNESS))
            )
    assert set(seen) == ({True, False} if steps > 1 else set(seen))
    assert close(bound("cls_er").readout(trace.params[-1], trace.state), stable)
