"""The sharpness of Keskar et al. 2017 on parabolas, and its ascent over corners against L-BFGS-B."""

import pytest
import torch

from robustpath.protocols.supervised.measure import steepest
from robustpath.protocols.supervised.measures import curvature, keskar

from .conftest import parabola

CURVATURES = torch.arange(1, 11, dtype=torch.float64)
# f = ½ sum h_i (w_i - a_i)² at w = a: the maximum lies in the corners, 100 * ½ eps² sum h_i (|a_i| + 1)².
CASES = [(torch.zeros(10).double(), 2.75e-3), (CURVATURES, 0.1925)]


def inside(*shape, seed=0):
    return 2 * torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1


@pytest.mark.parametrize(("centre", "expected"), CASES)
def test_parabolas_at_their_minimum(centre, expected):
    losses, points = parabola(CURVATURES, centre), centre[None]
    assert keskar.sharpness(losses, points, [inside(1, 10), inside(1, 10, seed=1)]).value.item() == pytest.approx(
        expected, rel=1e-6
    )
    slow = keskar.reference(lambda point: losses(point[None])[0], centre, inside(10))
    assert slow == pytest.approx(expected, rel=1e-6)


def test_the_centre_as_a_start_is_guarded():
    """There the gradient of a minimum is zero, and an ascent that follows it would find no sharpness at all."""
    losses, points = parabola(CURVATURES), torch.zeros(1, 10).double()
    nowhere = [torch.zeros(1, 10).double()] * 2
    assert keskar.sharpness(losses, points, nowhere).value.item() == pytest.approx(2.75e-3, rel=1e-6)
    with pytest.raises(ValueError, match="off the centre"):
        keskar.reference(lambda point: losses(point[None])[0], points[0], torch.zeros(10).double())


def test_the_rise_is_relative_to_the_loss():
    """100 (max f - f) / (1 + f), and the box grows with epsilon: f = w² / 2 + 3 at 0, box 0.1 wide."""
    losses, starts = lambda w: 0.5 * w.square().sum(1) + 3, [torch.ones(1, 1).double(), -torch.ones(1, 1).double()]
    found = keskar.sharpness(losses, torch.zeros(1, 1).double(), starts, 0.1).value
    assert found.item() == pytest.approx(100 * 0.005 / 4, rel=1e-12)


@pytest.mark.parametrize("epsilon", [1e-3, 5e-4])
def test_corners_reach_what_lbfgsb_reaches(trained, epsilon):
    """The maxima are many: from three starts the paper's optimiser itself ends up to 7 % apart. The best of our starts
    is at no member below the best of these by more than 1 %."""
    starts = [inside(*trained.points.shape, seed=seed) for seed in range(3)]
    top = curvature.lambda_max(trained.losses, trained.points, starts[0])
    found = keskar.sharpness(
        trained.losses, trained.points, steepest(trained.losses, trained.points, top), epsilon
    ).value
    for member in range(4):
        loss = trained.loss_of(member)
        slow = [
            keskar.reference(lambda w, loss=loss: loss(w[None])[0], trained.points[member], start[member], epsilon)
            for start in starts
        ]
        assert max(slow) < 1.1 * min(slow)
        assert found[member] > 0.99 * max(slow)


def test_a_member_does_not_depend_on_the_other_members(trained):
    starts = [inside(*trained.points.shape, seed=seed) for seed in range(3)]
    together = keskar.sharpness(trained.losses, trained.points, starts).value[1]
    alone = keskar.sharpness(trained.loss_of(1), trained.points[1:2], [start[1:2] for start in starts]).value[0]
    assert together.item() == pytest.approx(alone.item(), rel=1e-12)
