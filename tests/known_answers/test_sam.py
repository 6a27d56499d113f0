"""SAM: one step by hand."""

import pytest
import torch

from .conftest import NO_BATCH, bound, context_with, descend, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def test_one_step_on_a_parabola():
    """Foret et al. 2021, eq. 2-3, by hand: f = w², w = 1: the slope at 1.05 is 2.1, and 1 - 0.1 * 2.1 = 0.79."""
    found = descend(bound("sam", radius=0.05, **PLAIN), lambda w, _: w.square().sum(), double([1.0]), steps=1)
    assert found.iterates.item() == pytest.approx(0.79, abs=1e-12)
    assert found.losses.item() == 1.0, "the loss that is reported is the loss at w, not at the top of the climb"


def test_the_ball_is_round():
    """Foret et al. 2021, eq. 2 with p = 2, by hand: gradient (3, 4), climb 0.5 (3, 4) / 5, descent by 0.1 (3.3, 4.4).

    The two numbers are tensors of their own: the norm is taken over all of them together.
    """
    method, params = bound("sam", radius=0.5, **PLAIN), {"a": double([3.0]), "b": double([[4.0]])}
    after, _, _ = method.step(
        lambda p, b: 0.5 * (p["a"].square().sum() + p["b"].square().sum()),
        params,
        method.init(params),
        NO_BATCH,
        context_with(double(0.0)),
    )
    assert after["a"].item() == pytest.approx(2.67, abs=1e-12)
    assert after["b"].item() == pytest.approx(3.56, abs=1e-12)


def test_at_a_stationary_point_it_stands_still():
    """Foret et al. 2021, eq. 2 is 0/0 there; the direction of no gradient is taken as zero."""
    found = descend(bound("sam", radius=0.5, **PLAIN), lambda w, _: w.square().sum(), double([0.0, 0.0]), steps=2)
    assert torch.equal(found.iterates, torch.zeros(2, 2, dtype=torch.float64))
