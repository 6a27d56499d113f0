"""Early stopping, the control C2: which iterate is evaluated, on which examples, and what a look costs."""

import pytest
import torch

from robustpath.engine.plan import step_cost
from robustpath.methods import load
from robustpath.methods.base import Batch
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

from .conftest import bound, context_with, double, feed

HELD_OUT = Batch(double([3.0]), torch.zeros(1, dtype=torch.int64))


def stopped(iterates, held_out=HELD_OUT):
    """The iterate that is evaluated where the base passes through `iterates`, from 3, and the loss is |w - example|."""
    method, params = load("early_stopping").factory(feed()), {"w": double([3.0])}
    state = method.init(params)
    for value in iterates:
        batch = Batch(double([value]), torch.zeros(1, dtype=torch.int64))
        params, state, _ = method.step(
            lambda p, b: (p["w"] - b.inputs).abs().sum(),
            params,
            state,
            batch,
            context_with(double(0.5), holdout=held_out),
        )
    assert params["w"].item() == pytest.approx(iterates[-1], nan_ok=True)
    return method.readout(params, state)["w"].item()


@pytest.mark.parametrize(
    ("iterates", "best"),
    [([1.0, 4.0, 10.0, -3.0], 4.0), ([9.0, 8.0, 7.0], 7.0), ([2.0, 4.0], 2.0), ([5.0, float("nan")], 5.0)],
)
def test_the_iterate_of_lowest_loss_is_evaluated(iterates, best):
    """Prechelt 1998, by hand: the nearest to 3; the earlier of two that are as near; never one without a loss; and not
    the initial parameters, which nobody looked at."""
    assert stopped(iterates) == best


def test_the_loss_is_that_of_the_hold_out_examples():
    assert stopped([1.0, 4.0, 10.0, -3.0], HELD_OUT._replace(inputs=double([11.0]))) == 10.0


def test_a_look_costs_a_forward_pass():
    """Of 64 examples, twice a batch of 32: two thirds of a gradient evaluation beside that of the base's step."""
    model = mlp(4, [3], 2)
    params = initialise(model, torch.Generator().manual_seed(0))
    batch = Batch(torch.ones(32, 4), torch.zeros(32, dtype=torch.int64))
    cost = step_cost(bound("early_stopping"), mean_cross_entropy(model), params, batch)
    assert cost == pytest.approx(1 + 2 / 3)
