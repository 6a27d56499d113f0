"""The replay ball held by a line search: the size of a step, not its direction."""

import pytest
import torch

from .balls import kl, last_replay, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}
RADIUS = 0.0003


def apart(params, anchor, inputs):
    return kl(params, anchor, inputs)


def test_it_ends_in_the_ball_on_the_segment():
    """The distance is at most the radius, 1/128 further it is more, and the direction is that of SGD."""
    begin = start(torch.float64)
    plain = stream(bound("online_sgd", **RATE), 4, batches=1, dtype=torch.float64).params
    found = stream(bound("ball_line_search", radius=RADIUS, **RATE), 4, batches=1, dtype=torch.float64)
    share = (found.params["5.bias"] - begin["5.bias"]) / (plain["5.bias"] - begin["5.bias"])
    assert (share - share[0]).abs().max() < 1e-9 and 0 < share[0] < 1
    for name in plain:
        expected = begin[name] + share[0] * (plain[name] - begin[name])
        torch.testing.assert_close(found.params[name], expected, atol=1e-9, rtol=0)
    inputs = last_replay(4, 1, torch.float64)
    further = {name: begin[name] + (share[0] + 1 / 128) * (plain[name] - begin[name]) for name in plain}
    assert apart(found.params, begin, inputs) <= RADIUS < apart(further, begin, inputs)
    assert found.state.active.item() == 1.0 and found.state.ratio <= 1


def test_inside_the_ball_it_is_sgd():
    """All trials are of the end of the segment, and the distance there is what is recorded."""
    plain = stream(bound("online_sgd", **RATE), 4)
    found = stream(bound("ball_line_search", radius=100.0, **RATE), 4)
    assert same(found.params, plain.params)
    expected = kl(plain.params, plain.centres[-2], last_replay(4)) / 100
    assert found.state.tried.item() == pytest.approx(expected.item(), rel=1e-3)
    assert found.state.ratio.item() == pytest.approx(expected.item(), rel=1e-3)
