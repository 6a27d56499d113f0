"""Hold-out SGD: the base, that sees the hold-out and not the batch."""

import torch

from robustpath.methods import load
from robustpath.methods.base import Batch, Method
from robustpath.methods.shortcuts.holdout_sgd import HOLDOUT

from .conftest import context_with, double


def test_steps_go_through_the_hold_out_one_pass_after_the_other():
    """By hand: batches of 400 of 1,024 examples begin at 0, 400, 800 and, a pass later, at 176."""
    seen = []

    def step(loss, params, state, batch, context):
        seen.append(batch)
        return params, state, {}

    method = load("holdout_sgd").factory(Method(lambda params: (), step))
    holdout = Batch(torch.arange(HOLDOUT)[:, None], torch.arange(HOLDOUT) % 7)
    batch = Batch(torch.full((400, 1), -1), torch.zeros(400, dtype=torch.int64))
    state = method.init({})
    for _ in range(4):
        _, state, _ = method.step(None, {}, state, batch, context_with(double(0.5), holdout=holdout))
    assert [each.inputs[0].item() for each in seen] == [0, 400, 800, 176]
    assert seen[2].inputs[-1].item() == 175
    assert all(torch.equal(each.labels, each.inputs[:, 0] % 7) for each in seen)
