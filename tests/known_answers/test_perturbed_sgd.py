"""Perturbed SGD: one step by hand, the size of its noise, and how fast it leaves a strict saddle."""

import math

import pytest
import torch

from robustpath.theory.landscapes import strict_saddle, strict_saddle_steps

from .conftest import NO_BATCH, bound, context_with, double

PLAIN = {"momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def stepped(method, loss, params, noise):
    return method.step(loss, params, method.init(params), NO_BATCH, context_with(double(0.0), noise))


def test_one_step_by_hand():
    """Jin et al. 2021: x <- x - eta (g + xi), xi = r z / sqrt(d). f = |x|²/2 at (3, 4), d = 4, r = 0.5, eta = 0.1.

    The four numbers are two tensors; the loss that is reported is f, without the noise.
    """
    params = {"a": double([3.0, 4.0]), "b": double([[0.0], [0.0]])}
    noise = {"a": double([1.0, -2.0]), "b": double([[4.0], [0.0]])}
    method = bound("perturbed_sgd", radius=0.5, learning_rate=0.1, **PLAIN)
    after, _, info = stepped(method, lambda p, b: 0.5 * (p["a"].square().sum() + p["b"].square().sum()), params, noise)
    assert torch.allclose(after["a"], double([3 - 0.1 * (3 + 0.25), 4 - 0.1 * (4 - 0.5)]), atol=1e-15)
    assert torch.allclose(after["b"], double([[-0.1 * 1.0], [0.0]]), atol=1e-15)
    assert info["loss"].item() == 12.5


def test_the_noise_has_the_mean_square_length_of_the_radius():
    """xi ~ N(0, (r²/d) I): E|xi|² = r² in any dimension; on a flat loss a step is -eta xi."""
    method = bound("perturbed_sgd", radius=0.3, learning_rate=1.0, **PLAIN)
    for size in (2, 50):
        noise = torch.randn(4000, size, generator=torch.Generator().manual_seed(size), dtype=torch.float64)
        steps = torch.vmap(lambda z, size=size: stepped(method, lambda p, b: 0 * p["w"].sum(), {"w": 0 * z}, {"w": z}))
        assert steps(noise)[0]["w"].square().sum(1).mean().item() == pytest.approx(0.09, rel=0.05)


def test_it_leaves_the_strict_saddle_as_fast_as_its_noise_grows():
    """Near the saddle y_t = 1.1^t Z with Z ~ N(0, s²), s² = (eta r)²/2 / (1.1² - 1): a weighted sum of all the noise.

    From the median of |Z|, 0.6745 s, gradient descent needs `strict_saddle_steps`, so that half of the runs are out.
    """
    radius, runs = 1e-6, 200
    method = bound("perturbed_sgd", radius=radius, learning_rate=0.1, **PLAIN)

    def member(params, state, noise):
        return method.step(
            lambda p, b: strict_saddle(p["w"]), params, state, NO_BATCH, context_with(double(0.0), {"w": noise})
        )

    params = {"w": double([1.0, 0.0]).expand(runs, 2)}
    state, losses, generator = torch.vmap(method.init)(params), [], torch.Generator().manual_seed(1)
    for _ in range(260):
        noise = torch.randn(runs, 2, generator=generator, dtype=torch.float64)
        params, state, info = torch.vmap(member)(params, state, noise)
        losses.append(info["loss"])
    left = (torch.stack(losses) <= -1 / 8).double().argmax(0)
    spread = 0.1 * radius / math.sqrt(2 * (1.1**2 - 1))
    assert (losses[-1] < -1 / 8).all()
    assert left.median().item() == pytest.approx(strict_saddle_steps(0.6745 * spread), abs=2)
