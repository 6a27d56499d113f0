"""Fine-tuning: Adam on all classes together, then descent on the support set."""

import pytest
import torch

from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Batch, Context

from .conftest import bound, descend, double, quadratic
from .episodes import CURVATURE, loss


def test_it_trains_by_adam_on_all_classes_together():
    own, start = quadratic(1), torch.ones(6)
    tuned, plain = (descend(bound(name), own, start, steps=5).iterates for name in ("fine_tuning", "adam"))
    assert torch.equal(tuned, plain)
    assert [bound(name).order for name in ("fine_tuning", "adam")] == ["joint", "batches"]


def test_it_adapts_by_plain_descent():
    """w - m shrinks by the factor 1 - rate h = 0.4 in each step; m = -0.5."""
    rule, params = adaptation_of(bound("fine_tuning", tuning_rate=0.3)), {"w": double(1.0)}
    batch, state = Batch(double([0.5, -1.5]), torch.zeros(2, dtype=torch.int64)), ()
    for _ in range(3):
        params, state, _ = rule.step(loss, params, state, batch, Context(double(0.5)))
    assert params["w"].item() == pytest.approx(-0.5 + 1.5 * (1 - 0.3 * CURVATURE) ** 3)
