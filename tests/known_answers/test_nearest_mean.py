"""The nearest class mean: against the distances themselves, in any order of the stream."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.models import random_features
from robustpath.models.functional import activations, predict

from .conftest import bound
from .short_streams import learn, of_size, reordered, started


@pytest.fixture
def problem(monkeypatch):
    monkeypatch.setattr(random_features, "WIDTH", 40)
    network, params = started("random_features", 6, 4)
    inputs = torch.randn(60, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = torch.randint(0, 3, (60,), generator=torch.Generator().manual_seed(3))
    return network, params, Batch(inputs + labels[:, None], labels)


def test_the_logits_are_squared_distances_from_the_class_means(problem):
    """Mensink et al. 2013: log p(c) = -|z - m_c|² / 2 and a constant; the class without examples lies at the origin."""
    network, params, data = problem
    method = bound("nearest_mean", sharpness=2.0)
    readout = method.readout(*learn(method, network, params, of_size(data, 10)))
    features = activations(network)(params, data.inputs)["relu"]
    means = torch.stack([features[data.labels == label].mean(0) for label in range(3)])
    means = torch.cat([means, torch.zeros_like(means[:1])])
    known = (-(features[:, None] - means).square().sum(2)).log_softmax(1)
    torch.testing.assert_close(predict(network)(readout, data.inputs).log_softmax(1), known, rtol=0, atol=1e-10)
    assert all(torch.equal(readout[name], params[name]) for name in ("features.weight", "features.bias"))


def test_the_order_of_the_stream_and_the_steps_on_a_batch_do_not_matter(problem):
    """U8: batches of all classes, and of one class after the other: the same to 1e-9."""
    network, params, data = problem
    method, by_class = bound("nearest_mean"), reordered(data, data.labels.argsort())
    mixed = method.readout(*learn(method, network, params, of_size(data, 10)))
    for stream, size, steps in ((by_class, 10, 1), (by_class, 7, 1), (data, 10, 3)):
        other = method.readout(*learn(method, network, params, of_size(stream, size), steps))
        assert all((mixed[name] - other[name]).abs().max() < 1e-9 for name in params)


def test_before_the_first_batch_no_class_is_preferred(problem):
    network, params, data = problem
    method = bound("nearest_mean")
    logits = predict(network)(method.readout(params, method.init(params)), data.inputs)
    assert torch.equal(logits, torch.zeros(60, 4, dtype=torch.float64))
