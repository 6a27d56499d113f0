"""High-rate warm-up, the control C7: a constant high rate for as long as a walk takes, then the base."""

import torch

from .conftest import NO_BATCH, bound, context_with, descend, double

PLAIN = {"learning_rate": 0.2, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.1}


def test_the_first_phase_has_the_high_rate_and_the_second_is_the_base():
    """By hand, on a slope of 1: steps of 3 * 0.2, the first half-way up the rise; then those of SGD."""
    (share, high), (rest, base) = bound("high_rate_warmup", factor=3.0, **PLAIN).phases
    assert (share, rest) == (0.25, 0.75)
    points = (0.05, 0.1, 0.5, 0.99)
    ends = {}
    for name, method in {"high": high, "base": base, "sgd": bound("sgd", **PLAIN)}.items():
        found = descend(method, lambda w, _: w.sum(), double([0.0]), steps=4, progress=lambda step: points[step])
        ends[name] = -found.iterates[:, 0].diff(prepend=double([0.0]))
    torch.testing.assert_close(ends["high"], double([0.3, 0.6, 0.6, 0.6]), rtol=0, atol=1e-12)
    assert torch.equal(ends["base"], ends["sgd"])
    assert ends["sgd"][-1] < 0.01


def test_momentum_and_decay_are_those_of_the_base():
    """One step of SGD at three times the rate, from rest: w - 0.6 (g + 0.5 w); the next with its velocity."""
    (_, high), _ = bound("high_rate_warmup", factor=3.0, **PLAIN | {"momentum": 0.9, "weight_decay": 0.5}).phases
    reference = bound("sgd", **PLAIN | {"learning_rate": 0.6, "momentum": 0.9, "weight_decay": 0.5, "warmup": 0.0})
    ends = []
    for method, progress in ((high, 0.7), (reference, 0.0)):
        params = {"w": double([1.0, -2.0])}
        state = method.init(params)
        for _ in range(3):
            params, state, _ = method.step(
                lambda p, b: p["w"].square().sum(), params, state, NO_BATCH, context_with(double(progress))
            )
        ends.append(params["w"])
    torch.testing.assert_close(*ends, rtol=0, atol=1e-12)
