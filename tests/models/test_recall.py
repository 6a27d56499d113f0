"""Last layers that read stored examples: against the perceptron, loops over slots, and gradients by PyTorch."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from robustpath import models
from robustpath.core.parameters import tree_map
from robustpath.core.randomness import generator
from robustpath.core.types import Batch
from robustpath.methods import memory
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.recall import SLOTS, energies

NAMES = ("episodic_mlp", "adapting_mlp")
MEMORY = ("keys", "values", "filled")


def built(name, hidden=(7, 5)):
    network = models.network({"model": name, "hidden": list(hidden)}, (6,), 3)
    return network, tree_map(torch.Tensor.double, initialise(network, generator("recall")))


def normal(*shape):
    return torch.randn(*shape, generator=generator("normal", *shape), dtype=torch.float64)


def with_memory(params, count=4, **settings):
    """`count` stored examples in the slots 3, 10, 17, …; the settings are tensors of the memory."""
    places, labels = 3 + 7 * torch.arange(count), torch.arange(count) % 3
    own = {
        "keys": memory.put(params["5.keys"], places, normal(count, 5)),
        "values": memory.put(params["5.values"], places, one_hot(labels, 3).double()),
        "filled": memory.put(params["5.filled"], places, torch.ones(count, dtype=torch.float64)),
        **{setting: torch.tensor(value, dtype=torch.float64) for setting, value in settings.items()},
    }
    return params | {f"5.{key}": tensor for key, tensor in own.items()}, own["keys"][places], labels


@pytest.mark.parametrize("name", NAMES)
def test_with_an_empty_memory_it_is_the_perceptron_bit_by_bit(name):
    network, params = built(name)
    plain, known = built("mlp")
    assert all(torch.equal(params[key], known[key]) for key in known)
    assert all(not params[f"5.{key}"].any() for key in MEMORY)
    batch = Batch(normal(8, 6), torch.arange(8) % 3)
    assert torch.equal(predict(network)(params, batch.inputs), predict(plain)(known, batch.inputs))
    found = torch.func.grad(mean_cross_entropy(network))(params, batch)
    gradient = torch.func.grad(mean_cross_entropy(plain))(known, batch)
    assert all(torch.equal(found[key], gradient[key]) for key in known)
    assert all(not found[key].any() for key in found if key not in known)


@pytest.mark.parametrize("name", NAMES)
def test_the_memory_has_as_many_slots_as_that_of_a_stream_and_the_last_is_never_read(name):
    network, params = built(name)
    assert SLOTS == memory.CAPACITY == memory.NOWHERE == len(params["5.keys"]) - 1
    full, _, _ = with_memory(params, **({"rate": 0.5} if name == "adapting_mlp" else {"offset": 0.5}))
    inputs = normal(8, 6)
    before = predict(network)(full, inputs)
    for key in MEMORY:
        full = full | {f"5.{key}": memory.put(full[f"5.{key}"], torch.tensor([-1]), full[f"5.{key}"][3:4] + 1)}
    assert torch.equal(predict(network)(full, inputs), before)


def test_kernels_are_the_gaussian_and_the_inverse_of_the_squared_distance():
    """exp(-energy): exp(-|q - k|² / τ) for tail 0; δ / (|q - k|² + δ) for tail 1 (Pritzel et al. 2017, with |·|²)."""
    queries, keys, filled = normal(3, 5), normal(4, 5), torch.tensor([1.0, 1.0, 0.0, 1.0], dtype=torch.float64)
    squares = torch.stack([(query - keys).square().sum(1) for query in queries])
    reach, tail = (torch.tensor(value, dtype=torch.float64) for value in (0.7, 1.0))
    gaussian, inverse = ((-energies(queries, keys, filled, reach, s)).exp() for s in (0 * tail, tail))
    known = filled * (-squares / 0.7).exp(), filled * 0.7 / (squares + 0.7)
    torch.testing.assert_close((gaussian, inverse), known, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("delta", "most"), [(1e-3, 3e-3), (1e-8, 3e-8)])
def test_reading_at_a_stored_key_gives_its_value_with_an_error_of_the_order_of_delta(delta, most):
    """U7, an inequality: Σ_j w_j |v_j - v_i| <= 2 Σ_j δ / (|k_i - k_j|² + δ), j other than i."""
    network, params = built("episodic_mlp")
    full, keys, labels = with_memory(params, 4, reach=delta, tail=1.0, offset=40.0)
    layer = network[-1]
    read = torch.func.functional_call(layer, {key[2:]: full[key] for key in full if key.startswith("5.")}, (keys,))
    error = (read.exp() - one_hot(labels, 3)).abs().sum(1)
    squares = (keys[:, None] - keys).square().sum(2)
    bound = 2 * (delta / (squares + delta)).fill_diagonal_(0).sum(1)
    assert (error <= bound + 1e-14).all()
    assert delta / 10 < error.max() < most


def test_the_prediction_is_the_gated_mixture():
    """p = (1 - g) softmax(W h + b) + g Σ_i w_i v_i with g = sigmoid(offset - slope min_i |h - k_i|² / τ), by loops."""
    network, params = built("episodic_mlp")
    full, keys, labels = with_memory(params, reach=2.0, offset=0.5, slope=0.3)
    inputs = normal(8, 6)
    found = predict(network)(full, inputs)
    for row, query in enumerate(activations(network)(full, inputs)["4"]):
        squares = [(query - key).square().sum() / 2 for key in keys]
        weights = torch.stack([(-square).exp() for square in squares])
        stored = sum(w * one_hot(label, 3) for w, label in zip(weights / weights.sum(), labels, strict=True))
        gate = torch.sigmoid(0.5 - 0.3 * min(squares))
        own = (params["5.weight"] @ query + params["5.bias"]).softmax(0)
        torch.testing.assert_close(found[row], ((1 - gate) * own + gate * stored).log(), rtol=0, atol=1e-12)


def test_one_step_on_the_nearest_examples_before_each_prediction():
    """Against the gradient by PyTorch of Σ_i w_i CE(W k_i + b, y_i) in W and b, for each query by itself."""
    network, params = built("adapting_mlp")
    full, keys, labels = with_memory(params, reach=0.5, tail=1.0, rate=0.7)
    inputs = normal(8, 6)
    found = predict(network)(full, inputs)
    for row, query in enumerate(activations(network)(full, inputs)["4"]):
        kernel = 1 / ((query - keys).square().sum(1) + 0.5)
        weights = kernel / kernel.sum()

        def weighted(weight, bias, weights=weights):
            return weights @ cross_entropy(keys @ weight.T + bias, labels, reduction="none")

        slopes = torch.func.grad(weighted, (0, 1))(params["5.weight"], params["5.bias"])
        weight, bias = params["5.weight"] - 0.7 * slopes[0], params["5.bias"] - 0.7 * slopes[1]
        torch.testing.assert_close(found[row], weight @ query + bias, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_of_one_member_is_not_read_by_another(name):
    network, params = built(name)
    full, _, _ = with_memory(params, **({"rate": 0.5} if name == "adapting_mlp" else {"offset": 0.5}))
    inputs = normal(8, 6)
    together = {key: torch.stack([full[key], params[key]]) for key in params}
    both = torch.vmap(predict(network), in_dims=(0, None))(together, inputs)
    alone = [predict(network)(each, inputs) for each in (full, params)]
    torch.testing.assert_close(both, torch.stack(alone), rtol=0, atol=1e-12)
    assert not torch.allclose(*alone)
