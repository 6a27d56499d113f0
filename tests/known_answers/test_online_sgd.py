"""Online SGD: a step by hand, below and above the bound of the gradient."""

import pytest
import torch

from .conftest import NO_BATCH, bound, context_with, double


def step_at(value, factor):
    """The parameter after one step on the loss factor w² / 2, at the rate 0.1."""
    method, params = bound("online_sgd", learning_rate=0.1), {"w": double([value]), "v": double([0.0])}
    after, _, info = method.step(
        lambda p, b: factor * p["w"].square().sum() / 2,
        params,
        method.init(params),
        NO_BATCH,
        context_with(double(0.5)),
    )
    assert info["loss"].item() == pytest.approx(factor * value**2 / 2)
    assert torch.equal(after["v"], params["v"])
    return after["w"].item()


def test_a_step_goes_down_the_gradient():
    """w - lr g (Robbins and Monro 1951), g = 3 * 1."""
    assert step_at(1.0, 3.0) == pytest.approx(0.7, abs=1e-12)


def test_a_long_gradient_is_cut_to_the_bound():
    """g = 40 has the norm 40, eight times the bound: the step is that of a gradient of 5."""
    assert step_at(1.0, 40.0) == pytest.approx(0.5, abs=1e-12)
    assert step_at(1.0, 5.0) == pytest.approx(0.5, abs=1e-12)
