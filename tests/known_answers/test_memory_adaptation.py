"""Memory-based parameter adaptation: the step on the nearest stored examples, by PyTorch's gradient."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.models.functional import activations, predict

from .conftest import bound
from .short_streams import learn, started
from .test_nearest_keys import BATCHES, example


def test_each_prediction_is_that_of_a_last_layer_that_has_taken_a_step():
    """Sprechmann et al. 2018: a step on the likelihood of the stored, weighted by 1 / (|h - k_i|² + δ)."""
    network, params = started("adapting_mlp", 6, 3, [7, 5])
    method = bound("memory_adaptation", adaptation=0.7, delta=0.2)
    params, state = learn(method, network, params, BATCHES)
    inputs, slots = example(8, 3, [0] * 8).inputs, [0, 1, 2, 3, 5]
    found = predict(network)(method.readout(params, state), inputs)
    keys, labels = params["5.keys"][slots], torch.tensor([0, 0, 2, 0, 2])
    for row, query in enumerate(activations(network)(params, inputs)["4"]):
        kernel = 1 / ((query - keys).square().sum(1) + 0.2)
        weight, bias = (params[name].clone().requires_grad_() for name in ("5.weight", "5.bias"))
        losses = cross_entropy(keys @ weight.T + bias, labels, reduction="none")
        slopes = torch.autograd.grad(kernel @ losses / kernel.sum(), (weight, bias))
        adapted = (weight - 0.7 * slopes[0]) @ query + bias - 0.7 * slopes[1]
        torch.testing.assert_close(found[row], adapted.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("adaptation", [0.0, 0.5])
def test_the_descent_is_that_of_the_base_bit_by_bit(adaptation):
    network, params = started("adapting_mlp", 6, 3, [7, 5])
    plain, known = started("mlp", 6, 3, [7, 5])
    method = bound("memory_adaptation", adaptation=adaptation)
    after, state = learn(method, network, params, BATCHES, steps=3)
    known, _ = learn(bound("online_sgd"), plain, known, BATCHES, steps=3)
    assert all(torch.equal(after[name], known[name]) for name in known)
    inputs = BATCHES[0].inputs
    same = torch.equal(predict(network)(method.readout(after, state), inputs), predict(plain)(known, inputs))
    assert same == (adaptation == 0)
