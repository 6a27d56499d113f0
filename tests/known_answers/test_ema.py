"""EMA: the average with and without the correction of its bias."""

import pytest
import torch

from robustpath.methods import load

from .conftest import bound, descend, double, feed

ITERATES = double([[1.0], [4.0], [10.0], [-3.0]])


def averaged(iterates, decay=0.9):
    return descend(load("ema").factory(feed(), double(decay)), None, double([7.0]), batches=iterates)


def test_the_corrected_average_of_four_iterates():
    """Kingma & Ba 2015, sec. 7.2, by hand: 0.1 (0.729 + 0.81 * 4 + 0.9 * 10 - 3) / (1 - 0.9^4), without the start."""
    assert averaged(ITERATES).evaluated.item() == pytest.approx(0.9969 / 0.3439, abs=1e-12)


def test_started_at_the_first_iterate_it_is_pytorchs():
    """torch.optim.swa_utils starts at the first iterate, 1, and gives it the weight 0.9^4 that we correct: 1.653."""
    ours = averaged(ITERATES).evaluated.item() * (1 - 0.9**4) + 0.9**4 * 1.0
    assert ours == pytest.approx(1.653, abs=1e-12)
    holder = torch.nn.Linear(1, 1, bias=False).double()
    theirs = torch.optim.swa_utils.AveragedModel(holder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    for iterate in ITERATES:
        holder.weight.data = iterate[None]
        theirs.update_parameters(holder)
    assert theirs.module.weight.item() == pytest.approx(ours, abs=1e-12)


def test_an_iterate_that_stands_still_is_its_own_average():
    """Kingma & Ba 2015, sec. 7.2: what the correction of the bias is for."""
    found = averaged(double([[5.0]] * 3))
    assert found.evaluated.item() == pytest.approx(5.0, abs=1e-12)


def test_the_descent_is_the_base_s_and_the_average_lags_behind():
    """By hand: steps of 1 down a slope; with decay 0.5 the average of -1, -2, -3 is (-1 - 4 - 12) / 7."""
    plain = {"learning_rate": 1.0, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
    found = descend(bound("ema", decay=0.5, **plain), lambda w, _: w.sum(), double([0.0]), steps=3)
    torch.testing.assert_close(found.iterates[:, 0], double([-1.0, -2.0, -3.0]))
    assert found.evaluated.item() == pytest.approx(-17 / 7, abs=1e-12)
