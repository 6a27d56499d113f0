"""Coordinates in which distances between examples mean something: principal axes, and the Mahalanobis metric."""

import torch
from torch import Tensor

JITTER = 1e-6  # of the mean variance, so that a covariance of very few examples can be inverted


def principal(values: Tensor, dimensions: int) -> Tensor:
    """Values [n, …], each standardised over the n, on their first principal axes: float64 [n, at most `dimensions`].

    A value that never varies is 0. With as many dimensions as values, or more, the axes stay those of the values.
    """
    flat = values.flatten(1).double()
    centred = flat - flat.mean(0)
    deviation = centred.square().mean(0).sqrt()
    scaled = centred / torch.where(deviation > 0, deviation, 1.0)
    if dimensions >= scaled.shape[1]:
        return scaled
    return scaled @ torch.linalg.eigh(scaled.T @ scaled).eigenvectors[:, -dimensions:].flip(1)


def ledoit_wolf(centred: Tensor) -> Tensor:
    """The covariance [d, d] of examples [n, d] whose mean is zero, drawn towards a multiple of the identity as far as
    the noise of the estimate asks (Ledoit & Wolf 2004)."""
    examples, dimensions = centred.shape
    covariance = centred.T @ centred / examples
    level = covariance.trace() / dimensions
    identity = torch.eye(dimensions, dtype=centred.dtype)
    squared = (covariance - level * identity).square().sum()
    noise = (centred.square().sum(1).square().mean() - covariance.square().sum()) / examples
    share = (noise.clamp(min=0) / squared).clamp(max=1) if squared > 0 else torch.zeros_like(squared)
    return share * level * identity + (1 - share) * covariance


def whiten(points: Tensor, labelled: Tensor, labels: Tensor) -> Tensor:
    """Points [n, d] in coordinates whose Euclidean distance is the Mahalanobis distance of the covariance within
    classes, estimated from the points at positions `labelled` [l] with `labels` [l]; unchanged where these points
    all lie on the means of their classes."""
    own = points[labelled]
    _, classes = labels.unique(return_inverse=True)
    sizes = torch.bincount(classes).to(own.dtype)
    means = torch.zeros(len(sizes), own.shape[1], dtype=own.dtype).index_add_(0, classes, own) / sizes[:, None]
    covariance = ledoit_wolf(own - means[classes])
    level = covariance.trace() / len(covariance)
    if not level > 0:
        return points
    factor = torch.linalg.cholesky(covariance + JITTER * level * torch.eye(len(covariance), dtype=own.dtype))
    return torch.linalg.solve_triangular(factor, points.T, upper=False).T
