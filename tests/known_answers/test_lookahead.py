"""Lookahead: two steps by hand, what becomes of the velocity, and large batches."""

import pytest
import torch

from .conftest import bound, descend, double

PLAIN = {"momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def parabola(w, _):
    return 0.5 * w.square().sum()


def test_two_steps_forward_and_half_the_way_back():
    """Zhang et al. 2019, alg. 1, by hand: f = w²/2, rate 0.1, k = 2, a = 0.5: 1, 0.9, 0.81, back to 0.905."""
    method = bound("lookahead", interpolation=0.5, inner_steps=2, learning_rate=0.1, **PLAIN)
    found = descend(method, parabola, double([1.0]), steps=4)
    torch.testing.assert_close(found.iterates[:, 0], double([0.9, 0.905, 0.8145, 0.905**2]), rtol=0, atol=1e-12)


def test_between_two_syncs_the_slow_weights_are_evaluated_as_if_one_were_due():
    """By hand, one step after the sync at 0.905: half-way from there to 0.8145."""
    method = bound("lookahead", interpolation=0.5, inner_steps=2, learning_rate=0.1, **PLAIN)
    found = descend(method, parabola, double([1.0]), steps=3)
    assert found.evaluated.item() == pytest.approx((0.905 + 0.8145) / 2, abs=1e-12)


def test_the_velocity_is_kept():
    """By hand, on a slope of 1 with momentum 0.5, k = 2, a = 0.8: the velocities are 1, 1.5, 1.75, 1.875, so w goes to
    -1, -2.5 and back to -2, then to -3.75, -5.625 and back to -4.9."""
    method = bound("lookahead", interpolation=0.8, inner_steps=2, learning_rate=1.0, **PLAIN | {"momentum": 0.5})
    found = descend(method, lambda w, _: w.sum(), double([0.0]), steps=4)
    torch.testing.assert_close(found.iterates[:, 0], double([-1.0, -2.0, -3.75, -4.9]), rtol=0, atol=1e-12)


def test_steps_are_counted_in_updates_not_in_batches():
    """By hand, two batches an update, k = 2, a = 0.5, on a slope of 1: the fourth batch makes the second update."""
    method = bound("lookahead", interpolation=0.5, inner_steps=2, learning_rate=1.0, batches_per_step=2, **PLAIN)
    found = descend(method, lambda w, _: w.sum(), double([0.0]), steps=5)
    torch.testing.assert_close(found.iterates[:, 0], double([0.0, -1.0, -1.0, -1.0, -1.0]), rtol=0, atol=1e-12)
    longer = descend(method, lambda w, _: w.sum(), double([0.0]), steps=6)
    assert longer.iterates[5].item() == -2.0


@pytest.mark.parametrize("steps", [7, 10])
def test_with_all_the_way_kept_it_is_the_base_whenever_it_ends(steps):
    """Zhang et al. 2019: a = 1 is the inner optimiser."""
    plain = {"learning_rate": 0.3, "momentum": 0.9, "warmup": 0.0}
    start = double([1.0, -3.0])
    ours = descend(bound("lookahead", interpolation=1.0, **plain), parabola, start, steps=steps)
    assert torch.equal(ours.evaluated, descend(bound("sgd", **plain), parabola, start, steps=steps).evaluated)
