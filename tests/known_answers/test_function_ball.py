"""The function ball: on a linear model it learns the batch where the memory cannot see it."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.methods.base import Context

from .anchors import apart, examples, normal, penalty, same, stream
from .conftest import bound, double

BATCH = Batch(normal(5, 12, seed=1), torch.zeros(5, dtype=torch.int64))
MEMORY = Batch(normal(5, 12, seed=2), torch.zeros(5, dtype=torch.int64))
TARGETS, ANCHOR = normal(5, seed=3), {"w": normal(12, 1, seed=4)}


def linear(params, inputs):
    return inputs @ params["w"]


def mean_square(params, batch):
    return (batch.inputs @ params["w"][:, 0] - TARGETS).square().mean()


def minimum(strength, *, memory=MEMORY.inputs):
    """The nearest minimum of mean (x w - y)² + strength mean (m (w - a))², by the normal equations."""
    residual = TARGETS - BATCH.inputs @ ANCHOR["w"][:, 0]
    rows = torch.cat([BATCH.inputs, strength**0.5 * memory])
    return ANCHOR["w"][:, 0] + torch.linalg.pinv(rows) @ torch.cat([residual, torch.zeros(5).double()])


@pytest.mark.parametrize("strength", [0.1, 1e4])
def test_it_stands_still_at_the_minimum_in_closed_form(strength):
    at = {"w": minimum(strength)[:, None]}
    method = bound("function_ball", strength=strength, learning_rate=1e-3)
    state = method.init(ANCHOR)
    context = Context(double(0.5), {"replay": MEMORY}, linear)
    after, _, _ = method.step(mean_square, at, state, BATCH, context)
    assert apart(after, at) < 1e-12
    elsewhere = {"w": at["w"] + 0.01}
    assert apart(method.step(mean_square, elsewhere, state, BATCH, context)[0], elsewhere) > 1e-6


def test_ranks_allow_it_to_fit_the_batch_and_move_nothing_on_the_memory():
    """5 + 5 rows in 12 dimensions: at a large strength the move is the projection that the memory does not see."""
    move = minimum(1e6) - ANCHOR["w"][:, 0]
    assert (BATCH.inputs @ (ANCHOR["w"][:, 0] + move) - TARGETS).abs().max() < 1e-6
    assert (MEMORY.inputs @ move).abs().max() < 1e-3
    free = torch.linalg.pinv(BATCH.inputs) @ (TARGETS - BATCH.inputs @ ANCHOR["w"][:, 0])
    assert (MEMORY.inputs @ free).abs().max() > 0.1


def test_many_steps_move_the_memory_less():
    drift = []
    for strength in (0.0, 30.0):
        method = bound("function_ball", strength=strength, learning_rate=0.005)
        after = stream(method, [BATCH], 300, ANCHOR, mean_square, {"replay": MEMORY}, linear).params[-1]
        drift.append((MEMORY.inputs @ (after["w"] - ANCHOR["w"])).square().mean().item())
    assert drift[1] < 0.1 * drift[0]


def test_the_penalty_by_hand():
    """Outputs (3, 4) and (0, 0) away from those of the anchor: |.|² = 25 and 0, their mean 12.5."""
    memory = Batch(double([[1.0], [0.0]]), torch.tensor([0, 1]))
    old, new = {"w": double([[0.0, 0.0]])}, {"w": double([[3.0, 4.0]])}
    found = penalty(bound("function_ball", strength=2.0), old, new, BATCH, {"replay": memory}, linear)
    assert found.item() == pytest.approx(25.0, abs=1e-12)


def test_with_one_step_a_batch_it_is_plain_descent():
    """The penalty has no gradient at its anchor."""
    batches, given = [examples(10, seed) for seed in range(3)], {"replay": examples(20, 9)}
    plain, anchored = (stream(bound(name), batches, 1, given=given) for name in ("online_sgd", "function_ball"))
    assert all(same(a, b) for a, b in zip(plain.params, anchored.params, strict=True))
    two = [stream(bound(name), batches, 2, given=given).params[-1] for name in ("online_sgd", "function_ball")]
    assert not same(*two)
