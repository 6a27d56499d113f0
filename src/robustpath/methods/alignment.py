"""The Procrustes distance by products of matrices alone: a singular value decomposition cannot be compiled."""

import torch
from torch import Tensor

from robustpath.methods.distances import LEAST

STEPS = 32  # of the iteration: a singular value of 1e-5 of the largest is exact; rounding grows by 1.5 in each step


def procrustes(current: Tensor, anchor: Tensor) -> Tensor:
    """Least mean square of H1 R - H0 over orthogonal R and translations, in units of the anchor's centred features; a
    scalar from features [m, d].

    It is |H0|² + |H1|² - 2 |H0'H1|_* over |H0|², of centred features, as in `distances.procrustes`. The nuclear norm is
    <H0 R, H1> for the best R, the polar factor of H0'H1, which is held fixed where a gradient is taken: since R is the
    best, its own change does not count to first order.
    """
    h1, h0 = current - current.mean(0), anchor - anchor.mean(0)
    aligned = _aligned(h1.detach().double(), h0.detach().double()).to(h1)
    size = h0.square().sum()
    return (size + h1.square().sum() - 2 * (aligned * h1).sum()) / (size + LEAST)


def _aligned(h1: Tensor, h0: Tensor) -> Tensor:
    """H0 R [m, d] = (K0 K1)^-1/2 K0 H1 with K = H H', all [m, m], by the coupled Newton-Schulz iteration:
    Y goes to the root of the product, Z to the root of its inverse.

    What both sets of features leave empty (one direction of centred features, repeated examples) stays 0.
    """
    kernel = h0 @ h0.T
    product = kernel @ (h1 @ h1.T)
    scale = (product * product.T).sum().clamp_min(LEAST).sqrt()
    identity = torch.eye(len(h0), dtype=h0.dtype, device=h0.device)
    root, inverse = product / scale, identity
    for _ in range(STEPS):
        step = 1.5 * identity - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return inverse @ kernel @ h1 / scale.sqrt()
