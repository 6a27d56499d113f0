"""SWA: which iterates are averaged, the learning rate that is held, and how little the average scatters."""

import pytest
import torch

from robustpath.methods import load

from .conftest import bound, descend, double, feed

ITERATES = double([[1.0], [4.0], [10.0], [-3.0]])


def averaged(share):
    return load("swa").factory(feed(), double(share))


def test_the_mean_of_four_iterates():
    """Izmailov et al. 2018, algorithm 1: 1, 4, 10, -3 average to 3; the initial parameters (7) are not among them."""
    method, params = averaged(1.0), {"w": double([7.0])}
    found = descend(method, None, params["w"], batches=ITERATES, progress=lambda step: (step + 0.5) / 4)
    assert found.evaluated.item() == pytest.approx(3.0, abs=1e-12)
    assert found.iterates[-1].item() == -3.0


@pytest.mark.parametrize(("share", "expected"), [(0.0, -3.0), (0.25, -3.0), (0.5, 3.5), (0.75, 11 / 3)])
def test_only_the_last_share_is_averaged(share, expected):
    """By hand: the means of the last 0 (then the iterate itself), 1, 2 and 3 of the four iterates."""
    found = descend(averaged(share), None, double([7.0]), batches=ITERATES, progress=lambda step: (step + 0.5) / 4)
    assert found.evaluated.item() == pytest.approx(expected, abs=1e-12)


def test_the_base_sees_the_progress_at_which_averaging_begins():
    """Izmailov et al. 2018, sec. 3.2: a constant learning rate while the average is taken."""
    found = descend(averaged(0.5), None, double([7.0]), batches=ITERATES, progress=lambda step: (step + 0.5) / 4)
    assert found.losses.tolist() == [0.125, 0.375, 0.5, 0.5]


def test_an_iterate_counts_as_often_as_it_stays():
    """By hand: down a slope of 1, with steps of length 1 and two batches a step, the iterates are 0, -1, -1, -2."""
    method = bound("swa", share=0.99, learning_rate=1.0, momentum=0.0, weight_decay=0.0, warmup=0.0, batches_per_step=2)
    found = descend(method, lambda w, _: w.sum(), double([0.0]), steps=4, progress=lambda step: (step + 0.5) / 4)
    torch.testing.assert_close(found.iterates[:, 0], double([0.0, -1.0, -1.0, -2.0]), rtol=0, atol=1e-3)
    assert found.evaluated.item() == pytest.approx(-1.0, abs=1e-3)


def test_the_average_scatters_as_theory_says():
    """On a parabola of curvature h with gradient noise s the variance of an iterate solves V = (1 - lr h)² V + lr² s²:
    V = lr s² / (h (2 - lr h)). That of the mean of n iterates is s² / (h² n) (Polyak & Juditsky 1992, theorem 1). They
    are 1/3 and 0.01 for h = s = 1, lr = 0.5, n = 100.

    Every entry of w is a chain of its own. The rate is held where its factor is 0.75 (a cosine at one third).
    """
    noise = torch.Generator().manual_seed(0)
    chains = 100_000
    found = descend(
        bound("swa", share=2 / 3, learning_rate=0.5 / 0.75, momentum=0.0, weight_decay=0.0, warmup=0.0),
        lambda w, gradient_noise: (0.5 * w.square() + gradient_noise * w).sum(),
        torch.zeros(chains),
        batches=(torch.randn(chains, generator=noise, dtype=torch.float64) for _ in range(150)),
        progress=lambda step: (step + 0.5) / 150,
    )
    assert found.iterates[100:].var().item() == pytest.approx(1 / 3, rel=0.01)
    assert found.evaluated.var().item() == pytest.approx(0.01, rel=0.03)
