"""Reverse-KL ball against PyTorch's kl_div."""

from .balls import assert_follows, kl


def apart(params, anchor, inputs):
    return kl(anchor, params, inputs)


def test_it_takes_the_steps_by_hand():
    assert_follows("reverse_kl_ball", apart, 10.0)
