"""Early stopping at a distance: the same steps, up to the one that would leave the ball."""

import pytest

from .anchors import PREDICT, examples, same, start, stream
from .conftest import bound, double

BATCHES = [examples(10, seed) for seed in range(3)]


def divergence(anchor, params, batch):
    """The mean over the batch of KL(p_a || p), from probabilities."""
    old, new = (PREDICT(each, batch.inputs).softmax(1) for each in (anchor, params))
    return (old * (old / new).log()).sum(1).mean().item()


@pytest.mark.parametrize("radius", [1e-6, 3e-4, 2e-2])
def test_it_is_descent_up_to_the_step_that_would_leave_the_ball(radius):
    """Against the slow rule: descend without a limit, and take the last iterate before the first that is too far."""
    anchor = start()
    course, steps = stream(bound("stop_at_distance", radius=radius), BATCHES, 8), []
    for number, batch in enumerate(BATCHES):
        free = [anchor, *stream(bound("online_sgd"), [batch], 8, anchor).params]
        far = [divergence(anchor, params, batch) > radius for params in free]
        first = far.index(True) if True in far else len(free)
        steps.append(first - 1)
        found = course.params[8 * number : 8 * number + 8]
        for place, params in enumerate(found):
            assert same(params, free[min(place + 1, first - 1)])
        anchor = found[-1]
    assert {1e-6: max(steps) == 0, 3e-4: 0 < min(steps) <= max(steps) < 8, 2e-2: max(steps) == 8}[radius], steps


def test_once_stopped_a_batch_is_over():
    """A step back into the ball is not taken either: the network below is far at the second step only."""
    calls = []

    def network(params, inputs):
        calls.append(params)
        return double([[0.0, 9.0 if len(calls) == 3 else 0.0]]) + 0 * params["5.bias"].sum()

    course = stream(bound("stop_at_distance", radius=0.1), BATCHES[:1], 4, network=network)
    assert len(calls) == 8
    assert [same(course.params[0], later) for later in course.params] == [True] * 4
    assert not same(course.params[0], start())


def test_it_tells_how_far_the_batch_before_went():
    radius = 3e-4
    course = stream(bound("stop_at_distance", radius=radius), BATCHES[:2], 5)
    ratios = [info["ratio"].item() for info in course.infos]
    reached = divergence(start(), course.params[4], BATCHES[0]) / radius
    assert ratios == pytest.approx([0.0] * 5 + [reached] * 5, rel=1e-9)
    assert 0 < reached <= 1


def test_without_a_limit_it_is_descent():
    plain, ours = (
        stream(method, BATCHES, 3).params[-1]
        for method in (bound("online_sgd"), bound("stop_at_distance", radius=float("inf")))
    )
    assert same(plain, ours)
