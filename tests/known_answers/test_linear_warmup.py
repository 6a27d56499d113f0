"""Linear warm-up, the control C1: a learning rate that rises for as long as a walk takes."""

import pytest
import torch

from robustpath.methods import load
from robustpath.methods.walk import SHARE

from .conftest import bound, descend, double


def test_the_rate_rises_for_a_quarter_and_falls_as_half_a_cosine():
    """Goyal et al. 2017, sec. 2.2, by hand: on a slope of 1, without momentum, a step is the scheduled learning rate;
    the cosine is at its middle at 0.25 + 0.75 / 2."""
    points = (0.0625, 0.125, 0.25, 0.625, 1.0)
    method = bound("linear_warmup", learning_rate=0.4, momentum=0.0, weight_decay=0.0)
    found = descend(method, lambda w, _: w.sum(), double([0.0]), steps=5, progress=lambda step: points[step])
    lengths = -found.iterates[:, 0].diff(prepend=double([0.0]))
    torch.testing.assert_close(lengths, double([0.1, 0.2, 0.4, 0.2, 0.0]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("u", [0.0, 0.5, 0.999])
def test_every_draw_has_the_same_warm_up(u):
    """C1: the share is a walk's, whichever hyperparameters are drawn; all others are those of SGD."""
    spec, sgd = load("linear_warmup"), load("sgd")
    assert spec.search["warmup"].sample(u) == spec.search["warmup"].default == SHARE == 0.25
    others = spec.search.keys() - {"warmup"}
    assert {name: spec.search[name] for name in others} == {name: sgd.search[name] for name in others}
