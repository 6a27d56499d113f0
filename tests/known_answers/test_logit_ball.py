"""Logit ball against the mean square written out."""

from .balls import NETWORK, assert_follows


def apart(params, anchor, inputs):
    return ((NETWORK(params, inputs) - NETWORK(anchor, inputs)) ** 2).mean()


def test_it_takes_the_steps_by_hand():
    assert_follows("logit_ball", apart, 1.0)
