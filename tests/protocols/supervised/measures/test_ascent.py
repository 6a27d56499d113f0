"""The ascent that the sharpnesses share."""

import torch

from robustpath.protocols.supervised.measures.ascent import ascend

from .conftest import parabola


def on_the_sphere(slope):
    return slope / slope.norm(dim=1, keepdim=True)


def test_it_begins_on_the_side_to_which_the_loss_rises():
    """By hand: on [-1, 1] around 0, ½ (w + 3)² rises by 3.5 to the right and by -2.5 to the left."""
    losses, points = parabola(torch.ones(1).double(), -3.0), torch.zeros(1, 1).double()
    found = ascend(losses, points, -torch.ones(1, 1).double(), lambda slope: -torch.ones_like(slope), steps=1)
    assert found.value.item() == 3.5


def test_an_ascent_that_is_still_rising_says_so():
    """From near the flat direction of ½ (w_1² + 2 w_2²), the rise on the unit circle goes from ½ to 1."""
    losses, points = parabola(torch.tensor([1.0, 2.0]).double()), torch.zeros(2, 2).double()
    start = on_the_sphere(torch.tensor([[1.0, 0.2], [0.0, 1.0]]).double())
    short, long = (ascend(losses, points, start, on_the_sphere, steps) for steps in (1, 30))
    assert short.converged.tolist() == [False, True]
    assert long.converged.all() and torch.allclose(long.value, torch.ones(2).double())
