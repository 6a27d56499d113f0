"""Momentum knowledge distillation on ER: against a plain loop in the order of the official program."""

import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from .conftest import bound
from .streams import close, crowded, descended, live, network, same, start

RATE, WEIGHT = 0.2, 1.5


def taught(params, teacher, inputs):
    """The official program's form, the mean over examples of the sum over classes."""
    target = softmax(network(teacher, inputs) / 4, dim=1)
    ours = log_softmax(network(params, inputs) / 4, dim=1)
    return (kl_div(ours, target, reduction="none").sum(1) * 16).mean()


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """Nicolas1203/mkd_ocl@96b9733, src/learners/ema/er_ema.py without augmentation: memory and batch joined, both terms
    over all of them, and the teacher moved after each step; a copy of the parameters at the start. Scored is the mean
    of both models' parameters (init_agg_model)."""
    params = teacher = start()
    trace = live(bound("mkd_er", learning_rate=0.05, weight=WEIGHT, rate=RATE), params, crowded(steps))
    pairs = [(visit.batch, given["replay"]) for visit in crowded(steps) for given in visit.given]
    for found, (new, replay) in zip(trace.params, pairs, strict=True):
        inputs, labels = torch.cat([replay.inputs, new.inputs]), torch.cat([replay.labels, new.labels])

        def objective(p, inputs=inputs, labels=labels, teacher=teacher):
            return WEIGHT * taught(p, teacher, inputs) + cross_entropy(network(p, inputs), labels)

        params = descended(params, objective, 0.05)
        teacher = {name: (1 - RATE) * teacher[name] + RATE * params[name] for name in params}
        assert close(found, params)
    scored = bound("mkd_er").readout(trace.params[-1], trace.state)
    assert close(scored, {name: (params[name] + teacher[name]) / 2 for name in params})


def test_without_the_teacher_the_student_is_er_bit_by_bit():
    ends = [
        live(bound(name, learning_rate=0.1, **own), start(), crowded(2)).params
        for name, own in (("mkd_er", {"weight": 0.0}), ("er", {}))
    ]
    assert all(same(a, b) for a, b in zip(*ends, strict=True))


def test_the_first_step_does_not_feel_the_teacher():
    """It is the student itself then, and the slope of a distance from oneself is 0."""
    ends = [
        live(bound(name, learning_rate=0.1, **own), start(), crowded(1)).params
        for name, own in (("mkd_er", {"weight": 50.0}), ("er", {}))
    ]
    assert close(ends[0][0], ends[1][0])
    assert not close(ends[0][-1], ends[1][-1], 1e-3)
