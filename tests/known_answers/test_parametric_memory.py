"""A parametric memory: both networks' steps, by PyTorch's gradients."""

import torch
from torch.nn.functional import cross_entropy, kl_div

from robustpath.models.functional import predict

from .conftest import bound
from .short_streams import learn, passes, started
from .test_nearest_keys import BATCHES, example

REPLAY = example(5, 9, [0] * 5)


def given(number):
    return {"replay": REPLAY}


def test_a_step_of_both_networks():
    """θ: loss + β KL(p_φ || p_θ) on replayed inputs with φ before its step; φ: CE on the replayed examples."""
    network, params = started("mlp", 6, 3, [7, 5])
    method = bound("parametric_memory", weight=2.0, slow_rate=0.2, learning_rate=0.1)
    params, state = learn(method, network, params, BATCHES[:1], 2, given)
    loss, context = passes(network, replay=REPLAY)
    assert not torch.equal(state.slow["5.weight"], params["5.weight"])
    after, left, info = method.step(loss, params, state, BATCHES[1], context)

    def both(p):
        known = predict(network)(state.slow, REPLAY.inputs).softmax(1)
        current = predict(network)(p, REPLAY.inputs).log_softmax(1)
        return loss(p, BATCHES[1]) + 2.0 * kl_div(current, known, reduction="batchmean")

    slopes, value = torch.func.grad_and_value(both)(params)
    assert all(torch.allclose(after[name], params[name] - 0.1 * slopes[name], rtol=0, atol=1e-12) for name in params)
    torch.testing.assert_close(info["loss"], value, rtol=0, atol=1e-12)
    slopes, value = torch.func.grad_and_value(
        lambda p: cross_entropy(predict(network)(p, REPLAY.inputs), REPLAY.labels)
    )(state.slow)
    for name in params:
        torch.testing.assert_close(left.slow[name], state.slow[name] - 0.2 * slopes[name], rtol=0, atol=1e-12)
    torch.testing.assert_close(info["memory_loss"], value, rtol=0, atol=1e-12)


def test_without_a_weight_it_is_the_base_bit_by_bit():
    network, params = started("mlp", 6, 3, [7, 5])
    found, _ = learn(bound("parametric_memory", weight=0.0), network, params, BATCHES, 3, given)
    other, _ = learn(bound("parametric_memory"), network, params, BATCHES, 3, given)
    known, _ = learn(bound("online_sgd"), network, params, BATCHES, 3)
    assert all(torch.equal(found[name], known[name]) for name in known)
    assert not any(torch.equal(other[name], known[name]) for name in known)
