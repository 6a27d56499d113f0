"""Streaming linear discriminant analysis: against the covariance of all examples, and the official program's update."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.models import random_features
from robustpath.models.functional import activations

from .conftest import bound
from .short_streams import learn, of_size, reordered, started


@pytest.fixture
def problem(monkeypatch):
    monkeypatch.setattr(random_features, "WIDTH", 12)
    network, params = started("random_features", 6, 4)
    inputs = torch.randn(60, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = torch.randint(0, 3, (60,), generator=torch.Generator().manual_seed(3))
    return network, params, Batch(inputs + labels[:, None], labels)


def readout(network, params, batches, steps=1, **hyperparameters):
    method = bound("streaming_lda", **hyperparameters)
    return method.readout(*learn(method, network, params, batches, steps))


def test_the_readout_is_that_of_the_covariance_of_all_examples(problem):
    """Hayes and Kanan 2020: w_c = Λ m_c, b_c = -m_c'Λm_c / 2; here Λ⁻¹ = (λI + Σ (z - m)(z - m)') / n."""
    network, params, data = problem
    features = activations(network)(params, data.inputs)["relu"]
    means = torch.stack([features[data.labels == label].mean(0) for label in range(3)])
    means = torch.cat([means, torch.zeros_like(means[:1])])
    centred = features - means[data.labels]
    weights = means @ ((0.4 * torch.eye(12, dtype=torch.float64) + centred.T @ centred) / 60).inverse()
    by_class = reordered(data, data.labels.argsort())
    for stream, size, steps in ((data, 10, 1), (by_class, 10, 1), (by_class, 7, 1), (data, 60, 1), (data, 10, 3)):
        found = readout(network, params, of_size(stream, size), steps, ridge=0.4, sharpness=1.0)
        torch.testing.assert_close(found["head.weight"], weights, rtol=0, atol=1e-9)
        torch.testing.assert_close(found["head.bias"], -(weights * means).sum(1) / 2, rtol=0, atol=1e-9)
    assert weights.abs().max() > 0.5


def test_with_one_class_it_is_the_covariance_of_the_official_program(problem):
    """tyler-hayes/Deep_SLDA, commit 01d94cd: Σ <- (n Σ + n / (n + 1) (z - m)(z - m)') / (n + 1), m the mean before;
    with one class its factor n / (n + 1) is ours."""
    network, params, data = problem
    features = activations(network)(params, data.inputs)["relu"]
    mean, covariance = torch.zeros(12, dtype=torch.float64), torch.zeros(12, 12, dtype=torch.float64)
    for number, row in enumerate(features):
        difference = row - mean
        covariance = number * covariance + torch.outer(difference, difference) * number / (number + 1)
        covariance, mean = covariance / (number + 1), mean + difference / (number + 1)
    shrunk = covariance + 0.4 / 60 * torch.eye(12, dtype=torch.float64)
    stream = Batch(data.inputs, torch.zeros_like(data.labels))
    found = readout(network, params, of_size(stream, 10), ridge=0.4, sharpness=1.0)["head.weight"][0]
    torch.testing.assert_close(found, shrunk.inverse() @ mean, rtol=0, atol=1e-9)
