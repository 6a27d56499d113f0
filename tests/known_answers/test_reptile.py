"""Reptile: the mean of where four inner steps on each episode lead."""

import pytest

from .episodes import INNER, stepped


def test_it_goes_a_share_of_the_way_to_the_mean_end_of_the_episodes():
    """A step on x takes w to (w + x) / 2, so that by support m, query n, m, n from w the end is
    w / 16 + m (1/16 + 1/4) + n (1/8 + 1/2). The means of m and n are 1/2: from w = 1 it is 1/16 + 15/32 = 17/32."""
    for share in (0.0, 0.5, 1.0):
        after, _ = stepped("reptile", inner_rate=INNER, outer_rate=share)
        assert after == pytest.approx(1 + share * (17 / 32 - 1))


def test_the_loss_is_that_before_each_inner_step():
    """At inner rate 0 that of all examples, each as often."""
    examples = [0.0, -1.0, 1.0, 3.0, 2.0, 0.0, -1.0, 0.0]
    assert stepped("reptile", inner_rate=0.0, outer_rate=1.0)[1] == pytest.approx(
        sum((1 - x) ** 2 for x in examples) / 8
    )
