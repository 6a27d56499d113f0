"""How far the behaviour of a model is from that of its anchor, on the same examples.

`current` and `anchor` are features [m, d] or logits [m, c]; every distance is a scalar that is 0 where they are equal.
Near the anchor each is a quadratic form of the change; its null space is what the distance cannot see. Those of
features and of logits (l2, l2_relative, ldifs_code, cosine, logit_l2, forward_kl, reverse_kl, mahalanobis, efm) have a
gradient of exactly 0 at the anchor in every precision: the first step from a centre is then that without a penalty.
"""

import math
from functools import cache
from random import Random

import torch
from torch import Tensor

LEAST = 1e-12  # added to what is divided by: units that are 0 on all examples give 0, not a number that is not finite
DIRECTIONS = 32  # of sliced_w2


def l2(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean over examples of |h1 - h0|²: the features' squared distance, as the paper of LDIFS describes it."""
    return (current - anchor).square().sum(1).mean()


def l2_relative(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean (h1 - h0)² / mean h0²: the same in units of the anchor's features."""
    return (current - anchor).square().mean() / (anchor.square().mean() + LEAST)


def ldifs_code(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean (n(h1) - n(h0))², where n divides by the norm along the second axis, as the program of LDIFS does.

    Source: omegafragger/ldifs_code, loss/ldifs.py at commit 5ffdeef. Of [m, tokens, channels] that is the norm over
    tokens, so the scale of a channel does not count; of [m, d] it is the norm of an example's features.
    """
    return (_unit(current) - _unit(anchor)).square().mean()


def cosine(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean 1 - cos(h0, h1), written as |u1 - u0|² / 2 of the unit vectors. Does not see the norm of an example."""
    return 0.5 * (_unit(current) - _unit(anchor)).square().sum(1).mean()


def mahalanobis(current: Tensor, anchor: Tensor, shrinkage: float = 0.3) -> Tensor:
    """Mean dh' ((1 - s) S + s tr(S)/d I)⁻¹ dh / d, with S the covariance of the anchor's features, s the shrinkage.

    The inverse is taken in the space of the m examples (Woodbury's identity), which are fewer than the features. At
    s = 0 one linear map applied to both would not count; there the inverse need not exist.
    """
    examples, width = anchor.shape
    centred = (anchor - anchor.mean(0)) / math.sqrt(examples)
    ridge = shrinkage * centred.square().sum() / width + LEAST
    change, kernel = current - anchor, (1 - shrinkage) * centred @ centred.T
    seen = change @ centred.T
    solved = torch.linalg.solve_ex(
        kernel + ridge * torch.eye(examples, dtype=kernel.dtype, device=kernel.device), seen.T
    )[0]
    explained = (1 - shrinkage) * (seen * solved.T).sum(1)
    return ((change.square().sum(1) - explained) / ridge).mean() / width


def efm(current: Tensor, anchor: Tensor, weight: Tensor, bias: Tensor, damping: float = 0.1) -> Tensor:
    """Mean dh' (W' (diag p - p p') W + damping I) dh: the Fisher matrix of the last features through the anchor's head,
    W [c, d] and bias [c] (Magistri et al. 2024, who take the mean of the matrix over examples; here each has its own).
    At damping 0 a change that leaves the softmax as it is does not count."""
    change = current - anchor
    p, moved = (anchor @ weight.T + bias).softmax(1), change @ weight.T
    mean = (p * moved).sum(1, keepdim=True)
    return ((p * (moved - mean).square()).sum(1) + damping * change.square().sum(1)).mean()


def logit_l2(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean (z1 - z0)² over examples and classes."""
    return (current - anchor).square().mean()


def forward_kl(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean KL(P0 || P1) in nats, P = softmax of the logits. Does not see a number added to all logits of an example."""
    return _kl(anchor, current)


def reverse_kl(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean KL(P1 || P0) in nats; the second-order terms are those of forward_kl."""
    return _kl(current, anchor)


def cka(current: Tensor, anchor: Tensor) -> Tensor:
    """1 - the linear centred kernel alignment, from unbiased estimates of HSIC (Song et al. 2012); m >= 4.

    Does not see orthogonal maps, one scale for all features, or translations of the current features.
    """
    k, q = _u_centred(anchor @ anchor.T), _u_centred(current @ current.T)
    return 1 - (k * q).sum() / ((k * k).sum() * (q * q).sum() + LEAST).sqrt()


def procrustes(current: Tensor, anchor: Tensor) -> Tensor:
    """Least mean square of H1 R - H0 over orthogonal R and translations, in units of the anchor's centred features."""
    h1, h0 = current - current.mean(0), anchor - anchor.mean(0)
    shared = torch.linalg.svd(h0.T @ h1, full_matrices=False)[1].sum()
    size = h0.square().sum() + LEAST
    return (h0.square().sum() + h1.square().sum() - 2 * shared) / size


def mmd(current: Tensor, anchor: Tensor) -> Tensor:
    """The squared maximum mean discrepancy with kernel exp(-|x - y|² / median), median of the anchor's squared
    distances (Gretton et al. 2012). Compares the clouds: does not see which example is which."""
    among, across, own = _squared(anchor, anchor), _squared(current, anchor), _squared(current, current)
    width = _off_diagonal(among).flatten().median() + LEAST
    return sum(factor * (-d / width).exp().mean() for factor, d in ((1.0, among), (1.0, own), (-2.0, across)))


def sliced_w2(current: Tensor, anchor: Tensor) -> Tensor:
    """Mean over fixed directions of the squared 2-Wasserstein distance of the projections, both sorted (Bonneel et
    al. 2015). Compares the clouds: does not see which example is which."""
    directions = torch.tensor(_normal_numbers(DIRECTIONS, current.shape[1]), dtype=current.dtype, device=current.device)
    directions = (directions / directions.norm(dim=1, keepdim=True)).T
    sorted_current, sorted_anchor = ((h @ directions).sort(0)[0] for h in (current, anchor))
    return (sorted_current - sorted_anchor).square().mean()


def neighbours(current: Tensor, anchor: Tensor, temperature: float = 0.1) -> Tensor:
    """Mean KL divergence between the examples' neighbours, softmax over the other examples of cos / temperature: a
    smooth form of the neighbour graph. Does not see orthogonal maps and the norms of examples."""
    similar = [_off_diagonal(_unit(h) @ _unit(h).T) / temperature for h in (current, anchor)]
    return forward_kl(*similar)


@cache
def _normal_numbers(rows: int, columns: int) -> list[list[float]]:
    """The same numbers in every call; Python's own, since PyTorch draws none inside a vectorised function."""
    source = Random("sliced_w2")
    return [[source.gauss(0.0, 1.0) for _ in range(columns)] for _ in range(rows)]


def _kl(first: Tensor, second: Tensor) -> Tensor:
    """Mean KL(softmax(first) || softmax(second)), as the Bregman divergence of log-sum-exp: its gradients are
    differences of probabilities that cancel to exactly 0 where the logits are equal."""
    total, other = first.logsumexp(1, keepdim=True), second.logsumexp(1, keepdim=True)
    p = (first - total).exp()
    return (other - total - (p * (second - first)).sum(1, keepdim=True)).mean()


def _unit(features: Tensor) -> Tensor:
    return features * (features.square().sum(1, keepdim=True) + LEAST).rsqrt()


def _squared(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances of all pairs [m, m]; of equal points exactly 0."""
    return (x[:, None] - y[None]).square().sum(2)


def _off_diagonal(square: Tensor) -> Tensor:
    """[m, m] without its diagonal, as [m, m - 1]."""
    m = len(square)
    return square.flatten()[1:].reshape(m - 1, m + 1)[:, :-1].reshape(m, m - 1)


def _u_centred(kernel: Tensor) -> Tensor:
    """The kernel with an empty diagonal and centred so that products of two have the mean of the centred kernels'
    (Székely & Rizzo 2014)."""
    m = len(kernel)
    outside = 1 - torch.eye(m, dtype=kernel.dtype, device=kernel.device)
    kernel = kernel * outside
    rows = kernel.sum(1) / (m - 2)
    return (kernel - rows[:, None] - rows[None] + kernel.sum() / ((m - 1) * (m - 2))) * outside
