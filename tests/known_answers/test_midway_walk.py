"""Walks in the course of a descent, against a loop over one model that takes the whole probe's gradient at once."""

import math
from itertools import pairwise

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.core.parameters import norm, subtract, tree_map
from robustpath.methods.base import Batch, grad, grad_and_value
from robustpath.methods.geometry import tangent

from .conftest import bound, context_with, double
from .walks import digit_images, half_way_down_digits, normal, phase, wander

HEADING = {"momentum": 0.9, "repulsion": 0.5}
METHODS = {"midway_walk": ("contour_warmup", {}), "persistent_midway_walk": ("persistent_warmup", HEADING)}
RATE, MOMENTUM, DECAY, WARMUP, LENGTH = 0.1, 0.9, 5e-4, 0.05, 0.05
STEPS, SIZE = 40, 32


@pytest.fixture(scope="module")
def digits():
    return half_way_down_digits()


def run(method, loss, params, noises, probe, batches):
    """The parameters after every step of the engine, the examples of every gradient, and the reported losses."""
    state, path, seen, losses = method.init(params), [], [], []

    def counted(p, batch):
        seen.append(batch)
        return loss(p, batch)

    for step, (noise, batch) in enumerate(zip(noises, batches, strict=True)):
        context = context_with(double((step + 0.5) / len(noises)), noise, probe)
        params, state, info = method.step(counted, params, state, batch, context)
        path.append(params)
        losses.append(info["loss"])
    return path, seen, torch.stack(losses)


def batches_of(count):
    return [digit_images(200 + SIZE * number, 200 + SIZE * (number + 1)) for number in range(count)]


def apart(a, b):
    return (norm(subtract(a, b)) / norm(b)).item()


def by_hand(loss, w, noises, probe, batches, descended, share):
    """SGD's steps and, between them, the walk's, each of the latter at the place of the first of its four parts."""
    v, path, count = tree_map(torch.zeros_like, w), [], len(batches)
    before, walked = round(descended * (1 - share) * count), round(share * count)
    descent = count - walked

    def down(w, v, number, done):
        p = (done + 0.5) / descent
        rate = RATE * (p / WARMUP if p < WARMUP else 0.5 * (1 + math.cos(math.pi * (p - WARMUP) / (1 - WARMUP))))
        g = grad(loss)(w, batches[number])
        v = {name: MOMENTUM * v[name] + g[name] + DECAY * w[name] for name in w}
        return {name: w[name] - rate * v[name] for name in w}, v

    for number in range(before):
        w, v = down(w, v, number, number)
        path.append(w)
    start, length = w, LENGTH
    slope, level = grad_and_value(loss)(w, probe)
    height = level
    for number in range(walked // 4):
        if number:
            u = tangent(w, slope, noises[before + 4 * number])
            size, reach, steep = norm(u), length * norm(start), norm(slope)
            back = max(min((height - level) / steep, reach), -reach)
            moved = {name: w[name] + reach * u[name] / size - back * slope[name] / steep for name in w}
            trial = {name: moved[name] * norm(w) / norm(moved) for name in w}
            there, value = grad_and_value(loss)(trial, probe)
            taken = abs(value - level) <= 0.05 * level
            if taken:
                w, slope, height = trial, there, value
            length = min(length * (1.2 if taken else 0.5), LENGTH)
        path += [path[-1] if path else start] * 3 + [w]
    path += [w] * (walked % 4)
    for number in range(before, descent):
        w, v = down(w, v, walked + number, number)
        path.append(w)
    return path


@pytest.mark.parametrize(("descended", "share"), [(0.0, 0.5), (0.2, 0.5), (0.5, 0.25), (1.0, 0.25), (0.2, 0.55)])
def test_it_is_a_descent_a_walk_and_the_rest_of_the_descent(descended, share, digits):
    """The mean of the parts' gradients is the gradient of the probe, so the two differ by rounding alone. The share .55
    of 40 steps is five steps of the walk and two steps of the engine that are too few for a sixth."""
    loss, params, probe = digits
    noises, batches = normal(params, 0, STEPS), batches_of(STEPS)
    method = bound("midway_walk", descended=descended, share=share, step_length=LENGTH)
    path, _, _ = run(method, loss, params, noises, probe, batches)
    expected = by_hand(loss, params, noises, probe, batches, descended, share)
    assert max(apart(found, known) for found, known in zip(path, expected, strict=True)) < 1e-10
    begun = round(descended * (1 - share) * STEPS)
    assert apart(path[begun + 7], path[begun + 3]) > 0.04


@pytest.mark.parametrize("name", METHODS)
def test_from_the_start_it_walks_as_the_warmup_does(name, digits):
    """Every fourth step of the engine ends a step of the walk, whose noise is that of the first of the four."""
    loss, params, probe = digits
    noises = normal(params, 1, STEPS)
    warmup, heading = METHODS[name]
    method = bound(name, descended=0.0, share=1.0, step_length=LENGTH, **heading)
    path, _, _ = run(method, loss, params, noises, probe, batches_of(STEPS))
    expected, info = wander(phase(warmup, step_length=LENGTH, **heading), loss, params, noises[::4], probe)
    assert info["displacement"][-1] > 0.1
    assert max(apart(found, known) for found, known in zip(path[3::4], expected, strict=True)) < 1e-10


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("descended", [0.0, 0.3, 1.0])
def test_a_walk_of_no_length_is_a_short_descent(name, descended, digits):
    """To rounding, where all batches are the same: the descent goes on as if it had not been interrupted."""
    loss, params, probe = digits
    noises, batches = normal(params, 2, STEPS), [probe] * STEPS
    still = bound(name, descended=descended, share=0.25, step_length=0.0)
    path, _, _ = run(still, loss, params, noises, probe, batches)
    short, _, _ = run(bound("short_descent", share=0.75), loss, params, noises, probe, batches)
    assert apart(path[-1], short[-1]) < 1e-12
    begun = round(descended * 30)
    waiting = [params, *path][begun : begun + 11]
    assert all(torch.equal(w[key], waiting[0][key]) for w in waiting for key in w)


@pytest.mark.parametrize("name", METHODS)
def test_the_loss_of_the_probe_stays_within_the_tolerance(name, digits):
    """In the walk, whatever it tries: steps so long that many are refused."""
    loss, params, probe = digits
    steps = 160
    method = bound(name, descended=0.2, share=0.5, step_length=0.3)
    path, _, _ = run(method, loss, params, normal(params, 3, steps), probe, batches_of(1) * steps)
    walked = path[15 : 15 + 81]
    losses = torch.stack([loss(w, probe) for w in walked])
    assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
    ends = walked[::4]
    moves = [apart(after, before) for before, after in pairwise(ends)]
    assert 0 < sum(move == 0 for move in moves) < len(moves)


@pytest.mark.parametrize("name", METHODS)
def test_every_step_of_the_engine_takes_one_gradient_on_as_many_examples_as_a_batch(name, digits):
    """Descent on its own batch; the walk on the parts of the probe, one after the other."""
    loss, params, probe = digits
    batches = batches_of(STEPS)
    method = bound(name, descended=0.2, share=0.5, step_length=LENGTH)
    _, seen, losses = run(method, loss, params, normal(params, 4, STEPS), probe, batches)
    parts = [Batch(*(field[start : start + SIZE] for field in probe)) for start in range(0, 128, SIZE)]
    expected = batches[:4] + parts * 5 + batches[24:]
    assert len(seen) == STEPS
    assert all(torch.equal(*fields) for pair in zip(seen, expected, strict=True) for fields in zip(*pair, strict=True))
    assert losses[0] == loss(params, batches[0])


def test_a_batch_larger_than_the_probe_is_refused(digits):
    loss, params, probe = digits
    method = bound("midway_walk")
    context = context_with(double(0.5), params, probe)
    with pytest.raises(UserError, match="parts as large as a batch, and a batch has 200; lower `batch_size`"):
        method.step(loss, params, method.init(params), digit_images(0, 200), context)
