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

HEADING = {"persistence": 0.9, "repulsion": 0.5}
METHODS = {"midway_walk": ("contour_warmup", {}), "persistent_midway_walk": ("persistent_warmup", HEADING)}
RATE, MOMENTUM, DECAY, WARMUP, LENGTH = 0.1, 0.9, 5e-4, 0.05, 0.05
STEPS, SIZE, PARTS = 16, 32, 4  # of the engine; examples a batch; batches a step


@pytest.fixture(scope="module")
def digits():
    return half_way_down_digits()


def run(method, loss, params, noises, probe, batches):
    """The parameters after every step of the engine, the examples of every gradient, and the reported losses."""
    state, path, seen, losses = method.init(params), [], [], []

    def counted(p, batch):
        seen.append(batch)
        return loss(p, batch)

    for step, noise in enumerate(noises):
        own = batches[PARTS * step : PARTS * (step + 1)]
        stream = Batch(*(torch.cat(fields) for fields in zip(*(each[:2] for each in own), strict=True)))
        context = context_with(double((step + 0.5) / len(noises)), noise, probe, None).giving(stream=stream)
        params, state, info = method.step(counted, params, state, own[0], context)
        path.append(params)
        losses.append(info["loss"])
    return path, seen, torch.stack(losses)


def batches_of(count):
    """As many batches of other digits than the probe's, over and over."""
    return [digit_images(200 + SIZE * (number % 40), 232 + SIZE * (number % 40)) for number in range(count)]


def apart(a, b):
    return (norm(subtract(a, b)) / norm(b)).item()


def down(loss, w, v, batch, done):
    """A step of SGD by hand, after the share `done` of the descent."""
    rate = RATE * (done / WARMUP if done < WARMUP else 0.5 * (1 + math.cos(math.pi * (done - WARMUP) / (1 - WARMUP))))
    g = grad(loss)(w, batch)
    v = {name: MOMENTUM * v[name] + g[name] + DECAY * w[name] for name in w}
    return {name: w[name] - rate * v[name] for name in w}, v


def by_hand(loss, w, noises, probe, batches, descended, share):
    """SGD's steps and, between them, the walk's, each with the gradient of the whole probe."""
    v, path, count = tree_map(torch.zeros_like, w), [], len(noises)
    begins, measured, length = descended * (1 - share), False, LENGTH
    for step, noise in enumerate(noises):
        progress = (step + 0.5) / count
        if not begins <= progress < begins + share:
            for part in range(PARTS):
                middle = (step + (part + 0.5) / PARTS) / count
                done = (middle if progress < begins else middle - share) / (1 - share)
                w, v = down(loss, w, v, batches[PARTS * step + part], done)
        elif not measured:
            start, measured = w, True
            slope, level = grad_and_value(loss)(w, probe)
            height = level
        else:
            u = tangent(w, slope, noise)
            size, reach, steep = norm(u), length * norm(start), norm(slope)
            back = max(min((height - level) / steep, reach), -reach)
            moved = {name: w[name] + reach * u[name] / size - back * slope[name] / steep for name in w}
            trial = {name: moved[name] * norm(w) / norm(moved) for name in w}
            there, value = grad_and_value(loss)(trial, probe)
            taken = abs(value - level) <= 0.05 * level
            if taken:
                w, slope, height = trial, there, value
            length = min(length * (1.2 if taken else 0.5), LENGTH)
        path.append(w)
    return path


@pytest.mark.parametrize(
    ("descended", "share"), [(0.0, 0.5), (0.25, 0.5), (0.5, 0.25), (1.0, 0.25), (0.2, 0.3), (0, 0)]
)
def test_it_is_a_descent_a_walk_and_the_rest_of_the_descent(descended, share, digits):
    """The mean of the parts' gradients is the gradient of the probe, so the two differ by rounding alone. Without a
    walk it is SGD on the batches of the stream."""
    loss, params, probe = digits
    noises, batches = normal(params, 0, STEPS), batches_of(PARTS * STEPS)
    method = bound("midway_walk", descended=descended, share=share, step_length=LENGTH)
    path, _, _ = run(method, loss, params, noises, probe, batches)
    expected = by_hand(loss, params, noises, probe, batches, descended, share)
    assert max(apart(found, known) for found, known in zip(path, expected, strict=True)) < 1e-10


@pytest.mark.parametrize("name", METHODS)
def test_from_the_start_it_walks_as_the_warmup_does(name, digits):
    loss, params, probe = digits
    noises = normal(params, 1, STEPS)
    warmup, heading = METHODS[name]
    method = bound(name, descended=0.0, share=1.0, step_length=LENGTH, **heading)
    path, _, _ = run(method, loss, params, noises, probe, batches_of(PARTS * STEPS))
    expected, info = wander(phase(warmup, step_length=LENGTH, **heading), loss, params, noises, probe)
    assert info["displacement"][-1] > 0.1
    assert max(apart(found, known) for found, known in zip(path, expected, strict=True)) < 1e-10


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("descended", [0.0, 0.25, 1.0])
def test_a_walk_of_no_length_is_a_short_descent(name, descended, digits):
    """To rounding, where all batches are the same: the descent goes on as if it had not been interrupted."""
    loss, params, probe = digits
    batch, v, w = digit_images(200, 232), tree_map(torch.zeros_like, params), params
    still = bound(name, descended=descended, share=0.25, step_length=0.0)
    path, _, _ = run(still, loss, params, normal(params, 2, STEPS), probe, [batch] * PARTS * STEPS)
    for number in range(48):
        w, v = down(loss, w, v, batch, (number + 0.5) / 48)
    assert apart(path[-1], w) < 1e-12
    begun = round(descended * 12)
    waiting = [params, *path][begun : begun + 5]
    assert all(torch.equal(each[key], waiting[0][key]) for each in waiting for key in each)


@pytest.mark.parametrize("name", METHODS)
def test_the_loss_of_the_probe_stays_within_the_tolerance(name, digits):
    """In the walk, at all that it tries: steps so long that many are refused."""
    loss, params, probe = digits
    steps = 60
    method = bound(name, descended=0.2, share=0.5, step_length=0.3)
    path, _, _ = run(method, loss, params, normal(params, 3, steps), probe, batches_of(PARTS * steps))
    walked = path[5 : 5 + 31]
    losses = torch.stack([loss(w, probe) for w in walked])
    assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
    moves = [apart(after, before) for before, after in pairwise(walked)]
    assert 1 < sum(move == 0 for move in moves) < len(moves) - 1


@pytest.mark.parametrize("name", METHODS)
def test_a_step_takes_one_gradient_on_each_part_of_the_stream_or_of_the_probe(name, digits):
    loss, params, probe = digits
    batches = batches_of(PARTS * STEPS)
    method = bound(name, descended=0.25, share=0.5, step_length=LENGTH)
    path, seen, losses = run(method, loss, params, normal(params, 4, STEPS), probe, batches)
    parts = [Batch(*(field[start : start + SIZE] for field in probe[:2])) for start in range(0, 128, SIZE)]
    expected = batches[:8] + parts * 8 + batches[40:]
    assert len(seen) == PARTS * STEPS
    pairs = [zip(one[:2], other[:2], strict=True) for one, other in zip(seen, expected, strict=True)]
    assert all(torch.equal(*fields) for pair in pairs for fields in pair)
    assert losses[2].item() == pytest.approx(loss(path[1], probe).item(), rel=1e-12)


def test_a_batch_that_leaves_a_rest_of_the_stream_is_refused(digits):
    loss, params, probe = digits
    method = bound("midway_walk")
    context = context_with(double(0.5), params, probe).giving(stream=probe)
    with pytest.raises(UserError, match="a batch has 48; let `batch_size` of the scale"):
        method.step(loss, params, method.init(params), digit_images(0, 48), context)
