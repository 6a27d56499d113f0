"""A mixture of two normal distributions of one number, fitted by EM: which examples have a small loss, which a large.

In the order of scikit-learn's GaussianMixture with the settings of PuriDivER (`STEPS`, `TOLERANCE`, `LEAST_VARIANCE`):
the start is that of two means, then a step of EM follows another until the mean log-likelihood changes little.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

STEPS = 10  # at most, of EM
TOLERANCE = 1e-2  # of the mean log-likelihood, in nats
LEAST_VARIANCE = 5e-4  # added to every variance
MOVES = 10  # of the two means that EM starts from


class Mixture(NamedTuple):
    """The shares, means and variances [2] of the two parts, that with the smaller mean first."""

    shares: Tensor
    means: Tensor
    variances: Tensor


def fit(values: Tensor, counts: Tensor) -> Mixture:
    """The mixture of the values [n] whose `counts` [n] is 1, not 0; some must count.

    The two means start at the least and the largest value, so that no random number is drawn, where scikit-learn draws
    its first ones; both move until they stay.
    """
    low = torch.where(counts > 0, values, math.inf).min()
    high = torch.where(counts > 0, values, -math.inf).max()
    centres = torch.stack([low, high])
    for _ in range(MOVES):
        members = _nearest(values, centres) * counts[:, None]
        found = (members * values[:, None]).sum(0) / members.sum(0).clamp_min(1)
        centres = torch.where(members.sum(0) > 0, found, centres)
    mixture = _fitted(values, _nearest(values, centres) * counts[:, None])
    before, done = torch.full_like(low, -math.inf), torch.zeros_like(low, dtype=torch.bool)
    for _ in range(STEPS):
        joint = _joint(mixture, values)
        total = joint.logsumexp(1, keepdim=True)
        following = _fitted(values, (joint - total).exp() * counts[:, None])
        mixture = Mixture(*(torch.where(done, old, new) for old, new in zip(mixture, following, strict=True)))
        likelihood = (total[:, 0] * counts).sum() / counts.sum()
        done = done | ((likelihood - before).abs() < TOLERANCE)
        before = likelihood
    ordered = mixture.means[0] <= mixture.means[1]
    return Mixture(*(torch.where(ordered, part, part.flip(0)) for part in mixture))


def in_first(mixture: Mixture, values: Tensor) -> Tensor:
    """The probability [n] that a value is of the part with the smaller mean."""
    return _joint(mixture, values).softmax(1)[:, 0]


def _nearest(values: Tensor, centres: Tensor) -> Tensor:
    """1 for the nearer centre of each value, else 0, [n, 2]."""
    first = (values - centres[0]).abs() <= (values - centres[1]).abs()
    return torch.stack([first, ~first], 1).to(values.dtype)


def _fitted(values: Tensor, members: Tensor) -> Mixture:
    """The mixture for the weights [n, 2] with which values belong to its parts."""
    sizes = members.sum(0) + 10 * torch.finfo(values.dtype).eps
    means = (members * values[:, None]).sum(0) / sizes
    spread = (members * (values[:, None] - means).square()).sum(0) / sizes
    return Mixture(sizes / sizes.sum(), means, spread + LEAST_VARIANCE)


def _joint(mixture: Mixture, values: Tensor) -> Tensor:
    """Log density of each value and part [n, 2]."""
    shares, means, variances = mixture
    squares = (values[:, None] - means).square() / variances
    return shares.log() - 0.5 * (math.log(2 * math.pi) + variances.log() + squares)
