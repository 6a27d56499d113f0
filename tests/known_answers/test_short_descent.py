"""Short descent, the control C2: the whole schedule in a part of the budget, then rest."""

import pytest
import torch

from .conftest import bound, descend, double, quadratic


def middles(steps):
    return lambda step: (step + 0.5) / steps


@pytest.mark.parametrize(("share", "moving"), [(0.05, 1), (0.2, 4), (0.4, 8), (0.75, 15), (1.0, 20)])
def test_it_is_sgd_of_fewer_steps_that_then_stands_still(share, moving):
    """By construction: 20 steps of short descent are share * 20 steps of SGD, then no more."""
    loss, start = quadratic(0), torch.arange(6.0)
    short = descend(bound("short_descent", share=share), loss, start, steps=20, progress=middles(20))
    plain = descend(bound("sgd"), loss, start, steps=moving, progress=middles(moving))
    torch.testing.assert_close(short.iterates[:moving], plain.iterates, rtol=0, atol=1e-12)
    assert (short.iterates[moving:] == short.iterates[moving - 1]).all()
    assert torch.equal(short.evaluated, short.iterates[moving - 1])


def test_the_default_is_what_a_walk_leaves():
    """C2: three quarters of the budget, as after the warm-up of the method that it controls."""
    start = double([1.0] * 6)
    found = descend(bound("short_descent"), quadratic(1), start, steps=8, progress=middles(8))
    moved = found.iterates.diff(dim=0, prepend=start[None]).abs().sum(1) > 0
    assert moved.tolist() == [True] * 6 + [False] * 2
