"""The largest noise that a network bears, on one weight whose error is known, and the bounds by hand."""

import math
from statistics import NormalDist

import pytest
import torch

from robustpath.protocols.supervised.measures import pacbayes

SIGN = lambda points: (points[:, 0] <= 0).double()  # noqa: E731  one weight w, one example x = 1 of the positive class
KNOWN = -1 / NormalDist().inv_cdf(0.1)  # the sigma at which a weight of 1 changes its sign with probability 0.1
# Normal numbers at equal distances in probability: their mean is that of many draws.
NOISE = [torch.tensor([[NormalDist().inv_cdf((k + 0.5) / 1000)]], dtype=torch.float64) for k in range(1000)]


@pytest.mark.parametrize("spread", [pacbayes.plain, pacbayes.magnitude_aware])
def test_one_weight_bears_078(spread):
    """P(1 + s u < 0) = 0.1 at s = 0.780304, so that 1/s² = 1.642374."""
    assert pytest.approx(0.780304, abs=1e-6) == KNOWN
    found = pacbayes.largest_sigma(SIGN, torch.ones(1, 1).double(), NOISE, spread)
    assert found.value.item() == pytest.approx(KNOWN, rel=0.005)
    assert found.converged.all()


def test_the_noise_on_a_larger_weight():
    """Twice the weight bears twice the noise, and the same in proportion; members are searched each for itself."""
    points = torch.tensor([[1.0], [0.5], [0.25]], dtype=torch.float64)
    plain = pacbayes.largest_sigma(SIGN, points, NOISE)
    relative = pacbayes.largest_sigma(SIGN, points, NOISE, pacbayes.magnitude_aware)
    assert torch.allclose(plain.value, KNOWN * points[:, 0], rtol=0.01)
    assert torch.allclose(relative.value, torch.tensor(KNOWN).double(), rtol=0.005)


def test_random_draws_give_it_to_two_per_cent():
    draws = torch.randn(8000, 1, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    losses = lambda points: (points[:, 0] <= 0).double()  # noqa: E731
    found = pacbayes.largest_sigma(losses, torch.ones(1, 1).double(), list(draws), steps=5)
    assert found.value.item() == pytest.approx(KNOWN, rel=0.02)


@pytest.mark.parametrize("draws", [5, 40])
def test_the_standard_error_is_the_scatter_over_draws(draws):
    """Of 300 searches, each with draws of its own, on 200 examples of which each has its own weight and threshold."""
    thresholds = torch.linspace(0.1, 1.5, 200, dtype=torch.float64)
    errors = lambda points: (points < -thresholds).double().mean(1)  # noqa: E731
    noise = torch.randn(draws, 300, 200, generator=torch.Generator().manual_seed(draws), dtype=torch.float64)
    noise = 0.3 * noise[:, :, :1] + noise  # weights that move together leave more to chance
    found = pacbayes.largest_sigma(errors, torch.zeros(300, 200).double(), list(noise))
    assert found.converged.all()
    scatter = found.value.log().std()
    assert found.relative_error.square().mean().sqrt().item() == pytest.approx(scatter.item(), rel=0.2)


def test_the_error_rises_above_the_one_that_is_there():
    """Half of the examples are wrong at any noise: only the other half's flips count, 0.1 = ½ Phi(-1/s)."""
    errors = lambda points: 0.5 + 0.5 * (points[:, 0] <= 0).double()  # noqa: E731
    found = pacbayes.largest_sigma(errors, torch.ones(1, 1).double(), NOISE)
    assert found.value.item() == pytest.approx(-1 / NormalDist().inv_cdf(0.2), rel=0.005)


@pytest.mark.parametrize("weight", [100.0, 1e-4])
def test_a_sigma_outside_the_range_did_not_converge(weight):
    found = pacbayes.largest_sigma(SIGN, torch.full((1, 1), weight).double(), NOISE)
    assert not found.converged.any() and found.relative_error.isnan().all()


def test_the_bounds_by_hand():
    """Jiang et al. 2019, eq. 49: |w|² = 25, s = ½, m = 100. Eq. 56 with one weight moved by 3, and s' = 2."""
    sigma = torch.tensor([0.5]).double()
    found = pacbayes.bound(torch.tensor([25.0]).double(), sigma, 100)
    assert found.item() == pytest.approx(math.sqrt((25 + math.log(200) + 10) / 100))
    points, start, wide = torch.tensor([[4.0]]).double(), torch.tensor([[1.0]]).double(), torch.tensor([2.0]).double()
    ratio = (1e-6 + 5 * 9) / (1e-6 + 4 * 9)
    found = pacbayes.magnitude_bound(points, start, torch.tensor([9.0]).double(), wide, 100)
    assert found.item() == pytest.approx(math.sqrt((math.log(ratio) / 4 + math.log(50) + 10) / 100))
