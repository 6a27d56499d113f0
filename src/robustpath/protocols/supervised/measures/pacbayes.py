"""How much noise on its parameters a network bears, and the PAC-Bayes bounds that follow (Jiang et al. 2019)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.protocols.supervised.measures.stacked import Losses

RISE = 0.1  # of the training error
RANGE = (1e-2, 2.0)
STEPS = 5
FLOOR = 1e-3  # the least noise on a parameter in the magnitude-aware form


class Sigma(NamedTuple):
    """The largest standard deviation [M], whether it lies inside the range that was searched [M], and the standard
    error that the random draws give it, as a share of it [M]."""

    value: Tensor
    converged: Tensor
    relative_error: Tensor


def plain(sigma: Tensor, points: Tensor) -> Tensor:
    """The same noise on every parameter: sigma [M] -> standard deviations [M, 1]."""
    return sigma[:, None]


def magnitude_aware(sigma: Tensor, points: Tensor) -> Tensor:
    """Noise in proportion to a parameter: sqrt(sigma² w² + FLOOR²) [M, d]."""
    return (sigma[:, None] ** 2 * points**2 + FLOOR**2).sqrt()


@torch.no_grad()
def largest_sigma(
    errors: Losses,
    points: Tensor,
    noise: Sequence[Tensor],
    spread: Callable[[Tensor, Tensor], Tensor] = plain,
    within: tuple[float, float] = RANGE,
    steps: int = STEPS,
) -> Sigma:
    """The largest sigma for which the mean error under noise is at most RISE above the error without: by bisection.

    The noise is spread(sigma, points) times each of the normal vectors of `noise`, the same at every sigma, so that the
    search is for one fixed function. The logarithm of sigma is halved, and interpolated between the last two bounds.
    """
    here = errors(points)
    low, high = (torch.full_like(here, bound).log() for bound in within)
    rises_low = here.new_full((len(noise), len(here)), -torch.inf)
    rises_high = -rises_low
    for _ in range(steps):
        middle = (low + high) / 2
        width = spread(middle.exp().to(points), points)
        rises = torch.stack([errors(points + width * vector) for vector in noise]) - here
        fits = rises.mean(0) <= RISE
        low, rises_low = torch.where(fits, middle, low), torch.where(fits, rises, rises_low)
        high, rises_high = torch.where(fits, high, middle), torch.where(fits, rises_high, rises)
    gap = rises_high.mean(0) - rises_low.mean(0)
    bracketed = gap.isfinite()
    share = torch.where(bracketed, (RISE - rises_low.mean(0)) / gap, 0.5)
    there = rises_low + share * (rises_high - rises_low)
    # How far the mean rise is uncertain, over how fast it grows with the logarithm of sigma.
    error = there.std(0) / len(noise) ** 0.5 * (high - low) / gap
    return Sigma((low + share * (high - low)).exp(), bracketed, torch.where(bracketed, error, torch.nan))


def bound(squared_norm: Tensor, sigma: Tensor, examples: int) -> Tensor:
    """sqrt of (|v|²/(4 s²) + log(m/s) + 10) / m (Jiang et al. 2019, eq. 48 with v = w - w_0, eq. 49 with v = w)."""
    return ((squared_norm / (4 * sigma**2) + (examples / sigma).log() + 10) / examples).sqrt()


def magnitude_bound(points: Tensor, start: Tensor, prior: Tensor, sigma: Tensor, examples: int) -> Tensor:
    """The same with noise in proportion to the parameters (eq. 56 with prior |w - w_0|², eq. 57 with |w|²) [M]."""
    moved = (points - start).double()
    numerator = FLOOR**2 + (sigma**2 + 1) * prior / points.shape[1]
    denominator = FLOOR**2 + sigma[:, None] ** 2 * moved**2
    return (((numerator[:, None] / denominator).log().sum(1) / 4 + (examples / sigma).log() + 10) / examples).sqrt()
