"""The replay ball held by projections: Newton's method on a parabola, and nothing inside the ball."""

import pytest
import torch

from robustpath.methods.ways import projection

from .balls import kl, last_replay, same, start, stream
from .conftest import bound, double

RATE = {"learning_rate": 0.1}


def test_on_a_parabola_it_is_herons_square_root():
    """d = w², r = 1, from w = 2, by hand: w <- (w + 1/w) / 2 gives 5/4, 41/40 and 3281/3280."""
    settle = projection().settle
    params, reached, left, tried = settle(
        lambda p: p["w"].square(), {"w": double(0.0)}, {"w": double(2.0)}, double(1.0)
    )
    assert params["w"].item() == pytest.approx(3281 / 3280, abs=1e-12)
    assert reached.item() == pytest.approx((3281 / 3280) ** 2, abs=1e-12)
    assert left.item() and tried.item() == pytest.approx((2**2 + 1.25**2 + 1.025**2) / 3, abs=1e-12)


def test_inside_the_ball_it_is_sgd():
    plain = stream(bound("online_sgd", **RATE), 4)
    assert same(stream(bound("ball_projection", radius=100.0, **RATE), 4).params, plain.params)


def test_outside_it_comes_near_the_ball():
    """Three steps of Newton from ten radii, by PyTorch's kl_div: between 1 and 1.5 radii are left."""
    begin = start(torch.float64)
    plain = stream(bound("online_sgd", **RATE), 4, batches=1, dtype=torch.float64).params
    inputs = last_replay(4, 1, torch.float64)
    radius = kl(plain, begin, inputs).item() / 10
    found = stream(bound("ball_projection", radius=radius, **RATE), 4, batches=1, dtype=torch.float64)
    assert radius < kl(found.params, begin, inputs).item() < 1.5 * radius
    assert found.state.ratio.item() == pytest.approx(kl(found.params, begin, inputs).item() / radius, rel=1e-6)
