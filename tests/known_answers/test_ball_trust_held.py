"""The replay ball that a held part of the memory judges: against a plain loop, one example after the other."""

import math
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Context
from robustpath.methods.held_slice import judgement

from .balls import LAYERS, LOSS, NETWORK, examples, start
from .conftest import bound, double
from .streams import close, same

STORED, STEPS, BATCHES, RATE, RADIUS = 63, 2, 6, 0.3, 0.01
DOUBLE = torch.float64
MEMORY = examples(STORED, 500, DOUBLE)


def drawn(batch, step):
    """Slots of 20 replayed examples."""
    return torch.randint(STORED, (20,), generator=torch.Generator().manual_seed(100 * batch + step))


def of_slots(slots):
    return MEMORY._replace(inputs=MEMORY.inputs[slots], labels=MEMORY.labels[slots], positions=slots)


def lived(method):
    """The parameters after every batch, and what each first step reports."""
    params, found, infos = start(DOUBLE), [], []
    state = method.init(params)
    for number in range(BATCHES):
        batch = examples(10, number, DOUBLE)
        for step in range(STEPS):
            given = {"replay": of_slots(drawn(number, step)), "memory": of_slots(torch.arange(100) % STORED)}
            context = Context(double(0.5), given, NETWORK, LAYERS)
            if step == 0:
                state = method.arrive(LOSS, params, state, batch, context)
            params, state, info = method.step(LOSS, params, state, batch, context)
            if step == 0:
                infos.append(info)
        params, state = method.leave(LOSS, params, state, batch, context)
        found.append(params)
    return found, infos


def divergence(params, anchor, slots):
    """The mean KL(anchor || params) over the replayed examples that are not held out."""
    terms = []
    for slot in slots.tolist():
        if slot % 5:
            p, q = (NETWORK(each, MEMORY.inputs[[slot]])[0].log_softmax(0) for each in (anchor, params))
            terms.append((p.exp() * (p - q)).sum())
    return torch.stack(terms).mean()


def held(params):
    """The loss of what lies in slots 0, 5, …, at most 20 of them, of a memory of 63 in which 100 rows begin anew."""
    slots = [row % STORED for row in range(0, 100, 5) if row % STORED % 5 == 0]
    losses = [cross_entropy(NETWORK(params, MEMORY.inputs[[slot]]), MEMORY.labels[[slot]]) for slot in slots]
    return sum(losses).item() / len(losses)


def by_hand():
    """The same stream in plain PyTorch: the parameters after every batch, and (radius, rejected, the gains on the batch
    and on the slice) before each and at the end."""
    params, weight, radius = start(DOUBLE), 1.0, RADIUS
    found, expected_infos = [], [(radius, 0.0, 0.0, 0.0)]
    for number in range(BATCHES):
        anchor, batch = params, examples(10, number, DOUBLE)
        for step in range(STEPS):
            leaves = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
            (LOSS(leaves, batch) + weight * divergence(leaves, anchor, drawn(number, step))).backward()
            size = math.sqrt(sum(leaf.grad.square().sum().item() for leaf in leaves.values()))
            rate = RATE * min(1.0, 5.0 / size)
            params = {name: (leaf - rate * leaf.grad).detach() for name, leaf in leaves.items()}
        distance = divergence(params, anchor, drawn(number, STEPS - 1)).item()
        if distance > 1.5 * radius:
            weight = min(weight * 1.5, 10.0)
        elif distance < radius / 1.5:
            weight = max(weight / 1.5, 0.03)
        gain = (LOSS(anchor, batch) - LOSS(params, batch)).item()
        on_slice = held(anchor) - held(params)
        rejected = gain <= 0 or on_slice < 0
        if rejected or on_slice / gain < 0.25:
            radius *= 0.5
        elif on_slice / gain > 0.75 and distance > radius / 1.5:
            radius *= 2.0
        params = anchor if rejected else params
        found.append(params)
        expected_infos.append((radius, float(rejected), gain, on_slice))
    return found, expected_infos


def test_it_takes_the_steps_by_hand():
    expected, expected_infos = by_hand()
    found, infos = lived(bound("ball_trust_held", radius=RADIUS, doubted=0.25, learning_rate=RATE))
    for info, facts in zip(infos, expected_infos[:-1], strict=True):
        reported = [info[name].item() for name in ("radius", "rejected", "own_gain", "held_gain")]
        assert reported == pytest.approx(facts, rel=1e-6, abs=1e-12)
    for ours, theirs in zip(found, expected, strict=True):
        assert close(ours, theirs, 1e-9)
    rejections = [rejected for _, rejected, *_ in expected_infos[1:]]
    assert 0 < sum(rejections) < BATCHES
    assert all(same(a, b) for (a, b), no in zip(pairwise([start(DOUBLE), *found]), rejections, strict=True) if no)


@pytest.mark.parametrize(
    ("held_gain", "own_gain", "ratio", "factor", "rejected"),
    [
        (0.8, 1, 1, 2, 0), (0.8, 1, 0.5, 1, 0), (0.5, 1, 1, 1, 0), (0.2, 1, 1, 0.5, 0), (0, 1, 1, 0.5, 0),
        (-0.1, 1, 1, 0.5, 1), (0.8, -1, 1, 0.5, 1), (-0.8, -1, 1, 0.5, 1), (0, 0, 1, 0.5, 1),
    ],
)  # fmt: skip
def test_the_rule_by_hand(held_gain, own_gain, ratio, factor, rejected):
    found = judgement(*map(double, (3.0, 2.0, 0.25, own_gain, held_gain, ratio)))
    assert (found.radius.item(), found.clamped.item(), found.rejected.item()) == (3.0 * factor, 0, rejected)


@pytest.mark.parametrize(("now", "held_gain", "end"), [(0.03, -1.0, 0.02), (15.0, 1.0, 20.0)])
def test_the_radius_stays_in_its_range_and_says_so(now, held_gain, end):
    found = judgement(*map(double, (now, 2.0, 0.25, 1.0, held_gain, 1.0)))
    assert (found.radius.item(), found.clamped.item()) == (end, 1)
