"""Fast weights on the last layer: recall at once, decay, and what consolidation leaves as it is."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.methods.batches.fast_weight_head import associated
from robustpath.models.functional import activations, predict

from .conftest import bound, double
from .short_streams import learn, passes, started
from .test_nearest_keys import BATCHES


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_delta_rule_recalls_at_once_and_keeps_what_is_orthogonal():
    """U7: A += (v - A k) k' / |k|² gives A k = v exactly, for every A; A q stays for q orthogonal to k."""
    fast, key, value = normal(3, 5), normal(5, seed=2), normal(3, seed=3)
    after = associated(fast, key, value - fast @ key)
    torch.testing.assert_close(after @ key, value, rtol=0, atol=1e-12)
    other = normal(5, seed=4)
    other = other - key * (other @ key) / key.square().sum()
    torch.testing.assert_close(after @ other, fast @ other, rtol=0, atol=1e-12)
    assert torch.equal(associated(fast, 0 * key, value), fast)


def test_one_example_by_hand():
    """W = 0, b = 0, h = (3, 4): p = (1/2, 1/2), A = 0.5 (1/2, -1/2)' (3, 4) / 25; half of it goes to W."""
    network, params = started("mlp", 2, 2)
    params = {name: torch.zeros_like(tensor) for name, tensor in params.items()}
    method = bound("fast_weight_head", rate=0.5, decay=0.9, consolidation=0.5, learning_rate=1e-12)
    batch = Batch(double([[3.0, 4.0]]), torch.tensor([0]))
    after, state = learn(method, network, params, [batch])
    fast = double([[0.03, 0.04], [-0.03, -0.04]])
    torch.testing.assert_close(after["1.weight"], fast / 2, rtol=0, atol=1e-10)
    torch.testing.assert_close(state.fast, fast / 2, rtol=0, atol=1e-10)
    read = predict(network)(method.readout(after, state), batch.inputs)
    torch.testing.assert_close(read, double([[0.25, -0.25]]), rtol=0, atol=1e-10)


def test_consolidation_changes_no_prediction_and_decay_only_what_is_fast():
    network, params = started("mlp", 6, 3, [7, 5])
    batch, seen = BATCHES
    found = []
    for consolidation in (0.0, 0.4):
        method = bound("fast_weight_head", consolidation=consolidation, decay=0.5)
        after, state = learn(method, network, params, [batch])
        found.append(method.readout(after, state))
    assert torch.allclose(found[0]["5.weight"], found[1]["5.weight"], rtol=0, atol=1e-14)
    loss, context = passes(network)
    method = bound("fast_weight_head", consolidation=0.0, decay=0.5, rate=0.0)
    faded, left = method.leave(loss, after, state, seen, context)
    assert torch.equal(left.fast, 0.5 * state.fast) and torch.equal(faded["5.weight"], after["5.weight"])


def test_the_steps_descend_the_loss_of_both_and_the_examples_are_learnt_one_after_the_other():
    network, params = started("mlp", 6, 3, [7, 5])
    method = bound("fast_weight_head", rate=0.8, decay=0.5, consolidation=0.3, learning_rate=0.1)
    params, state = learn(method, network, params, BATCHES[:1])
    loss, context = passes(network)
    both = params | {"5.weight": params["5.weight"] + state.fast}
    slopes = torch.func.grad(loss)(both, BATCHES[1])
    after, state, info = method.step(loss, params, state, BATCHES[1], context)
    torch.testing.assert_close(after["5.weight"], params["5.weight"] - 0.1 * slopes["5.weight"], rtol=0, atol=1e-12)
    assert info["loss"] == loss(both, BATCHES[1])
    fast = 0.5 * state.fast
    for row, label in zip(activations(network)(after, BATCHES[1].inputs)["4"], BATCHES[1].labels, strict=True):
        p = ((after["5.weight"] + fast) @ row + after["5.bias"]).softmax(0)
        target = torch.eye(3, dtype=torch.float64)[label]
        fast = fast + 0.8 * torch.outer(target - p, row) / row.square().sum()
    left, state = method.leave(loss, after, state, BATCHES[1], context)
    torch.testing.assert_close(state.fast, 0.7 * fast, rtol=0, atol=1e-12)
    torch.testing.assert_close(left["5.weight"], after["5.weight"] + 0.3 * fast, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3])
def test_without_a_rate_it_is_the_base_bit_by_bit(steps):
    network, params = started("mlp", 6, 3, [7, 5])
    method = bound("fast_weight_head", rate=0.0)
    found = method.readout(*learn(method, network, params, BATCHES, steps))
    known, _ = learn(bound("online_sgd"), network, params, BATCHES, steps)
    assert all(torch.equal(found[name], known[name]) for name in known)
