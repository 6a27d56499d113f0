"""Mahalanobis ball against the inverse of the whole matrix."""

import torch

from .balls import assert_follows, over_layers


def apart(now, then):
    covariance, width = torch.cov(then.T, correction=0), then.shape[1]
    matrix = 0.7 * covariance + 0.3 * covariance.trace() / width * torch.eye(width, dtype=now.dtype)
    return torch.stack([change @ torch.linalg.inv(matrix) @ change for change in now - then]).mean() / width


def test_it_takes_the_steps_by_hand():
    assert_follows("mahalanobis_ball", over_layers(apart), 0.5)
