"""MAML on episodes: the gradient through a step on each support set, averaged over the episodes."""

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Batch, Context
from robustpath.methods.tasks import on_each

from .conftest import bound, double
from .episodes import CURVATURE, INNER, RATE, loss, stepped


def test_the_gradient_has_the_factor_of_the_inner_step():
    """w' = w - a h (w - m) = (w + m) / 2, and the gradient (1 - a h) h (w' - n) = w' - n, averaged over (m, n).

    From w = 1: w' = 0.5, 1, 1.5, 0 and w' - n = 1.5, -2, 1.5, 0, whose mean is 0.25.
    """
    after, reported = stepped("episodic_maml", inner_rate=INNER)
    assert after == pytest.approx(1 - RATE * 0.25)
    assert reported == pytest.approx((1.5**2 + 2**2 + 1.5**2 + 0) / 4)


def test_it_is_maml_of_a_stream_where_a_batch_is_one_episode():
    """Nine examples do not divide into four episodes."""
    inputs = torch.arange(9.0, dtype=torch.float64)
    batch, params = Batch(inputs, torch.zeros(9, dtype=torch.int64)), {"w": double(1.0)}

    def one(p, support, query):
        moved = tree_map(lambda w: w - INNER * CURVATURE * (w - support.inputs.mean()), p)
        return loss(moved, query)

    expected = CURVATURE * ((1 + inputs[:4].mean()) / 2 - inputs[4:]).square().mean() / 2
    assert on_each(one, params, batch).tolist() == pytest.approx([expected.item()])


def test_at_the_end_it_adapts_by_its_inner_step():
    rule, params = adaptation_of(bound("episodic_maml", inner_rate=INNER)), {"w": double(1.0)}
    batch = Batch(double([0.5, -1.5]), torch.zeros(2, dtype=torch.int64))
    params, _, _ = rule.step(loss, params, rule.init(params), batch, Context(double(0.5)))
    assert params["w"].item() == pytest.approx(1 - INNER * CURVATURE * 1.5)
