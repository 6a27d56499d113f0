"""The replay ball of a budget: a batch gets a hundredth of what is left, times its factor."""

import pytest
import torch

from robustpath.methods.radius import Facts, budget

from .balls import stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def test_the_budget_by_hand():
    """Left 100 r0 = 100; the factor is 9/16 on each of two batches of equal loss: 9/16, then 9/16 (1 - 0.01 9/16)."""
    one = torch.ones((), dtype=torch.float64)
    control = budget(one, one)
    _, state = control.begin()
    facts = Facts(2 * one, 0 * one, 0 * one, 3 * one, 10 * one, 10, 0 * one)
    first, _, state = control.arrived(state, facts)
    second, _, _ = control.arrived(state, facts)
    assert first.item() == pytest.approx(0.5625)
    assert second.item() == pytest.approx(0.5625 * (1 - 0.005625))


def test_all_radii_together_stay_in_the_budget():
    """Even where every batch has the largest factor, 4."""
    one = torch.ones((), dtype=torch.float64)
    control = budget(one, one)
    (_, state), spent = control.begin(), 0.0
    facts = Facts(one, 0 * one, 0 * one, one, 0 * one, 10, 0 * one)
    for number in range(60):
        now, _, state = control.arrived(state, facts._replace(loss=10.0**number * one))
        spent += now.item()
    assert 80 < spent <= 100 + 1e-9


def test_the_method_spends_it():
    found = stream(bound("ball_budget", radius=0.05, **RATE), 2)
    assert found.infos[0]["radius"] >= found.infos[2]["radius"] > 0
