"""EIIL: the environments are what the parent gets right and what it gets wrong, and IRM does the rest."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context

from .conftest import bound, double

HYPERPARAMETERS = {"penalty": 50.0, "plain": 0.4, "learning_rate": 0.1, "momentum": 0.0}


def network(params, inputs):
    return inputs @ params["w"]


def drawn(*size, seed):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stepped(name, batch, **given):
    method, params = bound(name, **HYPERPARAMETERS), {"w": drawn(4, 2, seed=1)}
    context = Context(double(0.9), given, network)
    return method.step(None, params, method.init(params), batch, context)


@pytest.fixture
def batch():
    return Batch(drawn(12, 4, seed=0), torch.arange(12) % 2)


def test_a_step_is_that_of_irm_between_errors_and_the_rest(batch):
    """The theorem of robustpath.methods.environments with two classes: a slope is positive where the label has the
    smaller of two logits, that is where the parent is wrong."""
    logits = drawn(12, 2, seed=2)
    losses = cross_entropy(logits, batch.labels, reduction="none")
    wrong = (logits.argmax(1) != batch.labels).long()
    assert 3 <= wrong.sum() <= 9
    found, _, info = stepped("eiil", batch, irreducible=Batch(torch.zeros(12, 1), losses))
    expected, _, other = stepped("irm", batch, groups=Batch(torch.zeros(12, 2), 2 * batch.labels + wrong))
    torch.testing.assert_close(found["w"], expected["w"], rtol=0, atol=0)
    assert info["loss"] == other["loss"]
    assert info["errors"] == pytest.approx(wrong.double().mean().item())


def test_a_parent_without_errors_leaves_one_environment(batch):
    losses = torch.full((12,), 0.01, dtype=torch.float64)
    found, _, info = stepped("eiil", batch, irreducible=Batch(torch.zeros(12, 1), losses))
    one = Batch(torch.zeros(12, 1), batch.labels)
    expected, *_ = stepped("irm", batch, groups=one)
    torch.testing.assert_close(found["w"], expected["w"], rtol=0, atol=0)
    assert info["errors"] == 0


def test_it_asks_for_losses_and_for_no_groups():
    assert "irreducible" in bound("eiil").needs
    assert "groups" not in bound("eiil").needs
    assert "groups" in bound("irm").needs
