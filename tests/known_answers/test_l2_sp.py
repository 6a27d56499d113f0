"""L2-SP: ridge regression towards a prior."""

import pytest
import torch

from robustpath.core.types import Batch

from .anchors import examples, normal, same, stream
from .conftest import bound, double

INPUTS, TARGETS, PRIOR = normal(10, 4, seed=1), normal(10, seed=2), normal(4, seed=3)
BATCH = Batch(INPUTS, torch.zeros(10, dtype=torch.int64))


def half_square(params, batch):
    return 0.5 * (batch.inputs @ params["w"] - TARGETS).square().sum()


def ridge(strength, prior):
    """(X'X + a I)^-1 (X'y + a w0): the minimum of ½ |Xw - y|² + (a/2) |w - w0|²."""
    system = INPUTS.T @ INPUTS + strength * torch.eye(4, dtype=torch.float64)
    return torch.linalg.solve(system, INPUTS.T @ TARGETS + strength * prior)


@pytest.mark.parametrize("strength", [0.3, 30.0])
def test_many_steps_end_at_ridge_regression_towards_the_prior(strength):
    largest = torch.linalg.eigvalsh(INPUTS.T @ INPUTS)[-1].item()
    method = bound("l2_sp", strength=strength, learning_rate=1 / (largest + strength))
    found = stream(method, [BATCH], 400, {"w": PRIOR}, half_square).params[-1]["w"]
    assert (found - ridge(strength, PRIOR)).abs().max() < 1e-9
    assert (found - ridge(0.0, PRIOR)).abs().max() > 1e-2


def test_the_anchor_moves_with_every_batch():
    """After two batches of the same examples the prior is the first solution, not the start."""
    largest = torch.linalg.eigvalsh(INPUTS.T @ INPUTS)[-1].item()
    method = bound("l2_sp", strength=20.0, learning_rate=1 / (largest + 20.0))
    found = stream(method, [BATCH, BATCH], 300, {"w": PRIOR}, half_square).params[-1]["w"]
    assert (found - ridge(20.0, ridge(20.0, PRIOR))).abs().max() < 1e-9


def test_with_one_step_a_batch_it_is_plain_descent():
    """The penalty has no gradient at its anchor."""
    batches = [examples(10, seed) for seed in range(3)]
    plain, anchored = stream(bound("online_sgd"), batches, 1), stream(bound("l2_sp", strength=5.0), batches, 1)
    assert all(same(a, b) for a, b in zip(plain.params, anchored.params, strict=True))
    assert not same(*(stream(bound(name), batches, 2).params[1] for name in ("online_sgd", "l2_sp")))


def test_the_second_step_by_hand():
    """f = w, rate 0.1, strength 2: 0 -> -0.1, then -0.1 - 0.1 (1 + 2 * -0.1) = -0.18."""
    method = bound("l2_sp", strength=2.0, learning_rate=0.1)
    course = stream(method, [BATCH], 2, {"w": double([0.0])}, lambda p, b: p["w"].sum())
    assert course.params[1]["w"].item() == pytest.approx(-0.18, abs=1e-12)
