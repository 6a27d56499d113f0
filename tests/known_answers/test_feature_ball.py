"""Feature ball against the sums of squares written out."""

from .balls import assert_follows, over_layers


def apart(now, then):
    return ((now - then) ** 2).sum() / (then**2).sum()


def test_it_takes_the_steps_by_hand():
    assert_follows("feature_ball", over_layers(apart), 1.0)
