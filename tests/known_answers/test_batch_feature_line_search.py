"""The batch feature ball's twin: the size of a step, not its direction."""

import torch

from .balls import examples, over_layers, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}
RADIUS = 0.001


def relative(now, then):
    return ((now - then) ** 2).sum() / (then**2).sum()


apart = over_layers(relative)


def test_it_ends_in_the_ball_on_the_segment():
    """The distance is at most the radius, 1/128 further it is more, and the direction is that of SGD."""
    begin = start(torch.float64)
    plain = stream(bound("online_sgd", **RATE), 4, batches=1, dtype=torch.float64).params
    found = stream(bound("batch_feature_line_search", radius=RADIUS, **RATE), 4, batches=1, dtype=torch.float64)
    share = (found.params["5.bias"] - begin["5.bias"]) / (plain["5.bias"] - begin["5.bias"])
    assert (share - share[0]).abs().max() < 1e-9 and 0 < share[0] < 1
    for name in plain:
        expected = begin[name] + share[0] * (plain[name] - begin[name])
        torch.testing.assert_close(found.params[name], expected, atol=1e-9, rtol=0)
    inputs = examples(10, 0, torch.float64).inputs
    further = {name: begin[name] + (share[0] + 1 / 128) * (plain[name] - begin[name]) for name in plain}
    assert apart(found.params, begin, inputs) <= RADIUS < apart(further, begin, inputs)
    assert found.state.active.item() == 1.0 and found.state.ratio <= 1


def test_inside_the_ball_it_is_sgd():
    plain = stream(bound("online_sgd", **RATE), 4)
    assert same(stream(bound("batch_feature_line_search", radius=100.0, **RATE), 4).params, plain.params)
