"""A mixture of two normal distributions of one number, fitted by EM: which examples have a small loss, which a large.

In the order of scikit-learn's GaussianMixture with the settings of PuriDivER (`STEPS`, `TOLERANCE`, `LEAST_VARIANCE`):
the start is that of two means, then a step of EM follows another until the mean log-likelihood changes little.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

STEPS = 10  # at most, of EM
TOLERANCE = 1e-2  # of the mean log-likelihood, in nats
LEAST_VARIANCE = 5e-4  # added to every variance
MOVES = 8  # of the two means that EM starts from


class Mixture(NamedTuple):
    """The shares, means and variances [2] of the two parts, that with the smaller mean first."""

    shares: Tensor
    means: Tensor
    variances: Tensor


def fit(values: Tensor, counts: Tensor) -> Mixture:
    """The mixture of the values [n] whose `counts` [n] is 1, not 0; nothing finite where none counts.

    The two means start at the least and the largest value, so that no random number is drawn, where scikit-learn draws
    its first ones; then they move towards their values.
    """
    low = torch.where(counts > 0, values, math.inf).min()
    high = torch.where(counts > 0, values, -math.inf).max()
    middle = (low + high) / 2
    powers = _powers(values - middle) * counts[:, None]
    whole = powers.sum(0)
    border = torch.zeros_like(middle)
    for _ in range(MOVES):
        lower = _sums(powers[:, 1] <= border, powers)
        upper = whole - lower
        between = (lower[1] / lower[0].clamp_min(1) + upper[1] / upper[0].clamp_min(1)) / 2
        border = torch.where((lower[0] > 0) & (upper[0] > 0), between, border)
    lower = _sums(powers[:, 1] <= border, powers)
    mixture = _of_sums(torch.stack([lower, whole - lower]))
    before, done = torch.full_like(low, -math.inf), torch.zeros_like(low, dtype=torch.bool)
    for _ in range(STEPS):
        first, second = _log_joint(mixture)
        odds = (powers * (first - second)).sum(1)
        # Log (e^first + e^second) is first + log (1 + e^-odds); values that do not count have odds 0 and no weight.
        likelihood = ((whole * first).sum() + (counts * softplus(-odds)).sum()) / whole[0]
        lower = _sums(odds.sigmoid(), powers)
        following = _of_sums(torch.stack([lower, whole - lower]))
        mixture = Mixture(*(torch.where(done, old, new) for old, new in zip(mixture, following, strict=True)))
        done = done | ((likelihood - before).abs() < TOLERANCE)
        before = likelihood
    mixture = mixture._replace(means=mixture.means + middle)
    ordered = mixture.means[0] <= mixture.means[1]
    return Mixture(*(torch.where(ordered, part, part.flip(0)) for part in mixture))


def in_first(mixture: Mixture, values: Tensor) -> Tensor:
    """The probability [n] that a value is of the part with the smaller mean."""
    first, second = _log_joint(mixture)
    return (_powers(values) * (first - second)).sum(1).sigmoid()


def _powers(values: Tensor) -> Tensor:
    """1, x and x² of every value [n, 3]: sums of them over a part say its size, mean and variance."""
    return torch.stack([torch.ones_like(values), values, values.square()], 1)


def _sums(weights: Tensor, powers: Tensor) -> Tensor:
    """The sums [3] over all values, weighted [n]."""
    return (weights[:, None] * powers).sum(0)


def _of_sums(sums: Tensor) -> Mixture:
    """The mixture whose parts have these sums [2, 3] of 1, x and x²."""
    sizes = sums[:, 0] + 10 * torch.finfo(sums.dtype).eps
    means = sums[:, 1] / sizes
    variances = (sums[:, 2] / sizes - means.square()).clamp_min(0.0) + LEAST_VARIANCE
    return Mixture(sizes / sizes.sum(), means, variances)


def _log_joint(mixture: Mixture) -> Tensor:
    """Of each part, the numbers [2, 3] whose products with 1, x and x² sum to the log of share times density."""
    shares, means, variances = mixture
    constant = shares.log() - 0.5 * ((2 * math.pi * variances).log() + means.square() / variances)
    return torch.stack([constant, means / variances, -0.5 / variances], 1)
