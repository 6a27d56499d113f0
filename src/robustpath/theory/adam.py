"""Adam on the flat weights of several models, for the cases whose steps are no method of the registry."""

import torch
from torch import Tensor

from robustpath.methods.moments import Moments, filled, no_moments, take_in

BETA1, BETA2, EPSILON = torch.tensor(0.9), torch.tensor(0.999), 1e-8
ALL = "weights"


def begin(weights: Tensor) -> Moments:
    """The moments before the first step."""
    return no_moments({ALL: weights})


def step(weights: Tensor, gradient: Tensor, moments: Moments, rate: float) -> tuple[Tensor, Moments]:
    """w <- w - rate m̂ / (sqrt(v̂) + eps), for every model (Kingma & Ba 2015, algorithm 1)."""
    moments = take_in({ALL: gradient}, moments, BETA1, BETA2)
    mean_share, square_share = (filled(beta, moments.updates).to(weights.dtype) for beta in (BETA1, BETA2))
    mean, square = moments.mean[ALL] / mean_share, moments.square[ALL] / square_share
    return weights - rate * mean / (square.sqrt() + EPSILON), moments
