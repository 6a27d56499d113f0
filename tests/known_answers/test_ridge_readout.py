"""Ridge regression on random features: against its normal equations, in any order of the stream."""

import pytest
import torch
from torch.nn.functional import one_hot, pad

from robustpath.core.types import Batch
from robustpath.methods.least_squares import whitened
from robustpath.models import random_features

from .conftest import bound
from .short_streams import learn, of_size, passes, reordered, started


@pytest.fixture
def problem(monkeypatch):
    """A network with few features, and 60 examples of four classes."""
    monkeypatch.setattr(random_features, "WIDTH", 40)
    network, params = started("random_features", 6, 4)
    inputs = torch.randn(60, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = torch.randint(0, 4, (60,), generator=torch.Generator().manual_seed(3))
    return network, params, Batch(inputs, labels)


def by_normal_equations(params, data, ridge):
    """Y'Z (Z'Z + λI)⁻¹, as the official program (RanPAC/RanPAC, commit 698e00c) solves it, with a feature that is 1."""
    features = (data.inputs @ params["features.weight"].T + params["features.bias"]).clamp_min(0)
    rows, targets = pad(features, (0, 1), value=1.0), one_hot(data.labels, 4).double()
    return torch.linalg.solve(rows.T @ rows + ridge * torch.eye(41, dtype=torch.float64), rows.T @ targets).T


def heads(method, network, params, batches, steps=1):
    found = method.readout(*learn(method, network, params, batches, steps))
    return torch.cat([found["head.weight"], found["head.bias"][:, None]], 1)


def test_all_orders_and_batch_sizes_give_the_solution_of_the_normal_equations(problem):
    """U8: batches of all classes, of one class after the other, and of other sizes: the same to 1e-9."""
    network, params, data = problem
    method, known = bound("ridge_readout", ridge=0.3, sharpness=7.0), 7.0 * by_normal_equations(params, data, 0.3)
    by_class = reordered(data, data.labels.argsort())
    for stream, size in ((data, 10), (by_class, 10), (by_class, 7), (data, 60)):
        assert (heads(method, network, params, of_size(stream, size)) - known).abs().max() < 1e-9
    assert known.abs().max() > 0.5


def test_a_batch_counts_once_however_many_steps_it_stays(problem):
    network, params, data = problem
    method, batches = bound("ridge_readout"), of_size(data, 10)
    once, often = (heads(method, network, params, batches, steps) for steps in (1, 5))
    assert torch.equal(once, often)


def test_the_features_stay_and_the_loss_that_is_reported_is_that_of_the_readout(problem):
    network, params, data = problem
    method = bound("ridge_readout")
    after, state = learn(method, network, params, of_size(data, 10))
    assert all(torch.equal(after[name], params[name]) for name in params)
    loss, context = passes(network)
    _, _, info = method.step(loss, after, state, data, context)
    assert info["loss"] == loss(method.readout(after, state), data) < loss(params, data)


def test_the_inverse_of_a_sum_by_woodbury_s_identity():
    """(A + Z'Z)⁻¹ = A⁻¹ - V'V, against the inverse itself; the errors that go with the rows are whitened alike."""
    rows = torch.randn(3, 5, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    matrix = torch.diag(torch.arange(1.0, 6.0, dtype=torch.float64)) + 0.1
    errors = torch.randn(3, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    change, solved = whitened(matrix.inverse(), rows, errors)
    after = (matrix + rows.T @ rows).inverse()
    torch.testing.assert_close(matrix.inverse() - change.T @ change, after, rtol=0, atol=1e-12)
    torch.testing.assert_close(change.T @ solved, after @ rows.T @ errors, rtol=0, atol=1e-12)
