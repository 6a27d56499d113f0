"""Entropy-SGD: rounds by hand, the gradient of the local entropy of a quadratic, and the authors' PyTorch code."""

import math

import pytest
import torch

from robustpath.methods.base import Batch

from .conftest import bound, context_with, double

PLAIN = {"momentum": 0.0, "temperature": 0.0, "weight_decay": 0.0}


def walk(method, loss, start, noises, batches=None):
    """The parameters after every step, and those that are read out; `noises` holds one vector a step.

    The first step takes the gradient that the velocity of the centre begins with, and moves nothing.
    """
    params, path = {"w": double(start)}, []
    state = method.init(params)
    for number, noise in enumerate(noises):
        inputs = batches[number] if batches is not None else double([0.0])
        batch = Batch(inputs, torch.zeros(1, dtype=torch.int64))
        context = context_with(double(0.0), {"w": noise})
        params, state, _ = method.step(lambda p, b: loss(p["w"], b.inputs), params, state, batch, context)
        path.append(params["w"])
    return torch.stack(path), method.readout(params, state)["w"]


def test_two_rounds_by_hand():
    """Chaudhari et al. 2016, python/optim.py, on f = (w - 1)²/2 from 0 with one step a walk, lr 1, momentum 0.9.

    The velocity begins at the first gradient, -1. The walk: -1 · 1.9 · -0.1 = 0.19, whose quarter is mu = 0.0475; then
    v = -0.9 - 0.0475 and x = 0.0475 + 0.9 · 0.9475 = 0.90025. With a velocity from rest x would be 0.09025; without
    momentum of x, as in the authors' Lua code, 0.0475 and then 0.0927.
    """
    method = bound(
        "entropy_sgd", learning_rate=1.0, inner_rate=0.1, inner_steps=1, gamma=1e-12, **PLAIN | {"momentum": 0.9}
    )
    path, evaluated = walk(method, lambda w, _: 0.5 * (w - 1).square().sum(), [0.0], torch.zeros(3, 1))
    mean = 0.90025 + 0.25 * 0.1 * 1.9 * 0.09975
    velocity = -0.9 * 0.9475 + (0.90025 - mean)
    second = 0.90025 - (0.90025 - mean) - 0.9 * velocity
    assert path[:, 0].tolist() == pytest.approx([0.0, 0.90025, second], abs=1e-9)
    assert evaluated.item() == pytest.approx(1.677, abs=5e-4)


def test_a_walk_of_two_steps_by_hand():
    """On f = w² from w = 1, without momentum: the walk reaches 0.8 and 0.6406, whose average is 0.87265 with the weight
    of 0.75 on the old mean. (0.69295 with the paper's on the new: 0.969295.)"""
    method = bound("entropy_sgd", learning_rate=0.1, inner_rate=0.1, inner_steps=2, gamma=0.03, **PLAIN)
    path, evaluated = walk(method, lambda w, _: w.square().sum(), [1.0], torch.zeros(3, 1))
    assert path[:2, 0].tolist() == pytest.approx([1.0, 0.8], abs=1e-12)
    assert path[2].item() == evaluated.item() == pytest.approx(0.987265, abs=1e-9)


def test_the_local_entropy_of_a_quadratic():
    """Chaudhari et al. 2016, eq. 7: gamma (x - <x'>), where <x'> = gamma x / (gamma + h) for curvature h once the walk
    has converged: (0.5, 100/101) at (1, 1) for curvatures 1 and 100, gamma 1. A step of length 1 goes down by it."""
    steps = 600
    method = bound("entropy_sgd", learning_rate=1.0, inner_rate=2 / 103, inner_steps=steps, gamma=1.0, **PLAIN)
    path, _ = walk(
        method, lambda w, _: 0.5 * (double([1.0, 100.0]) * w.square()).sum(), [1.0, 1.0], torch.zeros(steps + 1, 2)
    )
    torch.testing.assert_close(1 - path[-1], double([0.5, 0.990099]), rtol=0, atol=1e-6)


def test_the_walk_has_the_temperature_it_is_given():
    """Chaudhari et al. 2016, alg. 1 as published in code: noise e / sqrt(r / 2) in a gradient that is stepped along by
    r: e sqrt(2 r) in the walk. On a flat loss nothing else moves it."""
    method = bound("entropy_sgd", inner_rate=0.08, **PLAIN | {"temperature": 1e-3})
    noises = double([[1.0, -2.0], [1.0, -2.0]])
    path, evaluated = walk(method, lambda w, _: 0 * w.sum(), [0.0, 0.0], noises)
    torch.testing.assert_close(path[1].abs(), 1e-3 * math.sqrt(0.16) * double([1.0, 2.0]), rtol=1e-12, atol=0)
    assert torch.equal(evaluated, double([0.0, 0.0])), "x has not moved yet"


def published(start, batches, noises, *, rate, inner, length, momentum, gamma, temperature, decay):
    """python/optim.py of ucla-vision/entropy-sgd on f = (w - batch)² / 2, in plain numbers, without the gradients that
    it takes and does not use: the first batch is that of the one it uses."""
    x, speed, centres = start, start - batches[0], []
    for first in range(1, len(batches) - length + 1, length):
        walker, mean, inner_speed = x, x, 0.0
        for i in range(first, first + length):
            slope = walker - batches[i] + decay * walker
            inner_speed = momentum * inner_speed + slope
            slope += momentum * inner_speed
            slope -= gamma * (x - walker)
            slope += temperature / math.sqrt(0.5 * inner) * noises[i]
            walker -= inner * slope
            mean = 0.75 * mean + 0.25 * walker
        slope = x - mean + decay * x
        speed = momentum * speed + slope
        x -= rate * (slope + momentum * speed)
        centres.append(x)
    return centres


def test_it_is_the_published_loop():
    """Chaudhari et al. 2016, python/optim.py: Nesterov's momentum in both loops, the inner one from rest, the outer one
    from the first gradient, which is without decay; decay in both, a new batch at every step of the walk."""
    draws = torch.Generator().manual_seed(0)
    batches, noises = torch.randn(2, 13, generator=draws, dtype=torch.float64)
    shared = {"momentum": 0.9, "gamma": 0.5, "temperature": 0.01}
    expected = published(1.0, batches.tolist(), noises.tolist(), rate=0.3, inner=0.1, length=3, decay=0.05, **shared)
    method = bound("entropy_sgd", learning_rate=0.3, inner_rate=0.1, inner_steps=3, weight_decay=0.05, **shared)
    path, evaluated = walk(method, lambda w, b: 0.5 * (w - b).square().sum(), [1.0], noises[:, None], batches[:, None])
    torch.testing.assert_close(path[3::3, 0], double(expected), rtol=0, atol=1e-9)
    assert len(expected) == 4
    assert evaluated.item() == path[-1].item()
    stopped = walk(method, lambda w, b: 0.5 * (w - b).square().sum(), [1.0], noises[:9, None], batches[:9, None])
    assert stopped[1].item() == path[6].item(), "within a walk the parameters to evaluate are where it began"
