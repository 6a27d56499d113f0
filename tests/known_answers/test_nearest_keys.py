"""A readout by the nearest keys: what is written, and what is read of it, by hand."""

import pytest
import torch
from torch.nn.functional import one_hot

from robustpath.core.types import Batch
from robustpath.methods.memory import NOWHERE
from robustpath.models.functional import activations, predict

from .conftest import bound, double
from .short_streams import learn, started


def example(count, seed, positions):
    inputs = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Batch(inputs, torch.arange(count) % 3, torch.tensor(positions))


BATCHES = [example(4, 1, [0, 1, 2, 3]), example(4, 2, [1, NOWHERE, 5, NOWHERE])]


def test_a_batch_that_leaves_writes_its_features_into_its_slots():
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    method = bound("nearest_keys", delta=0.5, share=0.4)
    first, _ = learn(method, network, params, BATCHES[:1], steps=2)
    second, _ = learn(method, network, params, BATCHES, steps=2)
    assert torch.equal(first["5.keys"][:4], activations(network)(first, BATCHES[0].inputs)["4"])
    now = activations(network)(second, BATCHES[1].inputs)["4"]
    assert torch.equal(second["5.keys"][[0, 1, 2, 3, 5]], torch.stack([*first["5.keys"][[0]], now[0],
                                                                       *first["5.keys"][[2, 3]], now[2]]))  # fmt: skip
    assert second["5.filled"].nonzero()[:, 0].tolist() == [0, 1, 2, 3, 5]
    assert second["5.values"][[0, 1, 2, 3, 5]].argmax(1).tolist() == [0, 0, 2, 0, 2]


def test_the_prediction_is_the_mixture_with_the_inverse_squared_distances():
    """Pritzel et al. 2017: w_i = k(h, k_i) / Σ_j k(h, k_j), k = 1 / (|h - k_i|² + δ). Khandelwal et al. 2020: mixed."""
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    method = bound("nearest_keys", delta=0.5, share=0.4)
    params, state = learn(method, network, params, BATCHES)
    inputs = example(8, 3, [0] * 8).inputs
    found = predict(network)(method.readout(params, state), inputs).exp()
    slots = [0, 1, 2, 3, 5]
    for row, query in enumerate(activations(network)(params, inputs)["4"]):
        kernel = torch.stack([1 / ((query - params["5.keys"][slot]).square().sum() + 0.5) for slot in slots])
        stored = kernel @ params["5.values"][slots] / kernel.sum()
        own = (params["5.weight"] @ query + params["5.bias"]).softmax(0)
        torch.testing.assert_close(found[row], 0.6 * own + 0.4 * stored, rtol=0, atol=1e-12)


@pytest.mark.parametrize("delta", [1e-5, 1e-8])
def test_at_a_stored_key_the_stored_label_is_read(delta):
    """U7, an inequality: with share 1 the error is at most Σ_j δ / |k_i - k_j|², j other than i: of the order of δ."""
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    method = bound("nearest_keys", share=1.0, delta=delta, learning_rate=1e-12)
    params, state = learn(method, network, params, BATCHES[:1])
    params = method.readout(params, state) | {"5.offset": double(60.0)}
    error = (predict(network)(params, BATCHES[0].inputs).exp() - one_hot(BATCHES[0].labels, 3)).abs().amax(1)
    keys = params["5.keys"][:4]
    ratios = (delta / (keys[:, None] - keys).square().sum(2)).fill_diagonal_(0.0)
    assert (error <= ratios.sum(1) + 1e-12).all() and error.max() > delta


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_descent_is_that_of_the_base_bit_by_bit(share):
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    plain, known = started("mlp", 6, 3, [7, 5])
    method = bound("nearest_keys", share=share)
    after, state = learn(method, network, params, BATCHES, steps=3)
    known, _ = learn(bound("online_sgd"), plain, known, BATCHES, steps=3)
    assert all(torch.equal(after[name], known[name]) for name in known)
    inputs = BATCHES[0].inputs
    same = torch.equal(predict(network)(method.readout(after, state), inputs), predict(plain)(known, inputs))
    assert same == (share == 0)
