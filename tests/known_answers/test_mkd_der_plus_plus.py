"""Momentum knowledge distillation on DER++: against a plain loop, and with a silent teacher."""

from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

from robustpath.methods.memory import NOWHERE

from .conftest import bound
from .streams import close, crowded, descended, live, loss, network, start
from .test_mkd_er import taught

RATE, WEIGHT, ALPHA, BETA = 0.2, 1.5, 0.7, 0.3


def whole(p, new, given, stored, teacher):
    """All terms of the official program, whose inputs are not augmented."""
    other = given["other_replay"]
    inputs, labels = torch.cat([other.inputs, new.inputs]), torch.cat([other.labels, new.labels])
    result = loss(p, new) + BETA * cross_entropy(network(p, other.inputs), other.labels)
    if stored is not None:
        result = result + ALPHA * mse_loss(network(p, given["replay"].inputs), stored)
    return result + WEIGHT * taught(p, teacher, inputs) + cross_entropy(network(p, inputs), labels)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """Nicolas1203/mkd_ocl@de0505c, src/learners/ema/derpp_ema.py: the second draw and the batch meet the teacher, and
    the cross-entropy on them is added once more. Scored is the mean of both models' parameters."""
    params = teacher = start()
    own = {"learning_rate": 0.02, "alpha": ALPHA, "beta": BETA, "weight": WEIGHT, "rate": RATE}
    trace = live(bound("mkd_der_plus_plus", **own), params, crowded(steps))
    found, buffer = iter(trace.params), {}
    for visit in crowded(steps):
        before, known = network(params, visit.batch.inputs), bool(buffer)
        for given in visit.given:
            stored = torch.stack([buffer[int(slot)] for slot in given["replay"].positions]) if known else None
            about = {"new": visit.batch, "given": given, "stored": stored, "teacher": teacher}
            params = descended(params, partial(whole, **about), 0.02)
            teacher = {name: (1 - RATE) * teacher[name] + RATE * params[name] for name in params}
            assert close(next(found), params)
        buffer |= {int(slot): before[i] for i, slot in enumerate(visit.batch.positions) if slot != NOWHERE}
    scored = bound("mkd_der_plus_plus").readout(trace.params[-1], trace.state)
    assert close(scored, {name: (params[name] + teacher[name]) / 2 for name in params})
