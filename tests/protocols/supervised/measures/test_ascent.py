"""The ascent that the sharpnesses share."""

import torch

from robustpath.protocols.supervised.measures.ascent import FINALISTS, FIRST, ascend

from .conftest import parabola

# Of w + 2 w² on [-1, 1] around 0: to the right it rises by 3, to the left by 1, and at both ends it rises outwards.
TWO_PEAKS = lambda points: (points + 2 * points**2).sum(1)  # noqa: E731
SIDE = lambda slope: torch.where(slope < 0, -1.0, 1.0).double()  # noqa: E731


def at(*places: float) -> list[torch.Tensor]:
    """Starts of one member with one parameter."""
    return [torch.tensor([[place]], dtype=torch.float64) for place in places]


def on_the_sphere(slope):
    return slope / slope.norm(dim=1, keepdim=True)


def test_the_best_start_counts_and_starts_that_disagree_say_so():
    points = torch.zeros(1, 1).double()
    for starts, value, agree in [((-1, 1), 3, False), ((1, 1), 3, True), ((0.5, 1, -1), 3, True), ((-1, -1), 1, True)]:
        found = ascend(TWO_PEAKS, points, at(*starts), SIDE, steps=3)
        assert (found.value.item(), found.converged.item()) == (value, agree)


def test_two_starts_agree_within_a_twentieth():
    """The two ends of w² + c w rise by 1 + c and 1 - c: by hand 0.96 and 0.95 of one another."""
    points = torch.zeros(1, 1).double()
    for slope, agree in [(0.0204, True), (0.0257, False)]:
        losses = lambda w, slope=slope: (w**2 + slope * w).sum(1)  # noqa: E731
        assert ascend(losses, points, at(1, -1), SIDE, steps=FIRST).converged.item() is agree


def test_each_member_goes_on_from_its_own_best_starts():
    """Of ½ (w_1² + 2 w_2²) on the unit circle the highest rise is 1; starts near the flat direction need many steps.
    One start more than go on: each member has another one that is better than the rest."""
    losses = parabola(torch.tensor([1.0, 2.0]).double())
    points = torch.zeros(FINALISTS + 1, 2).double()
    worse, good = torch.tensor([1.0, 0.001]).double(), torch.tensor([1.0, 0.2]).double()
    each = range(FINALISTS + 1)
    starts = [on_the_sphere(torch.stack([good if member == place else worse for member in each])) for place in each]
    found = ascend(losses, points, starts, on_the_sphere, steps=7)
    assert (found.value > 0.99).all()
    few = ascend(losses, points, starts, on_the_sphere, steps=FIRST)
    assert (few.value < 0.95).all()


def test_a_member_that_is_not_finite_leaves_the_others():
    points = torch.tensor([[0.0], [torch.nan]]).double()
    found = ascend(TWO_PEAKS, points, [each.repeat(2, 1) for each in at(1, 0.5)], SIDE, steps=4)
    assert found.value[0] == 3 and found.converged[0]
    assert found.value[1].isnan() and not found.converged[1]
