"""LDIFS: its value by hand, what it is on a linear model, and that it says nothing at one step a batch."""

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch
from robustpath.methods.layers import hidden_features

from .anchors import ACTIVATIONS, examples, normal, penalty, same, start, stream
from .conftest import bound, double

INPUTS, TARGETS = normal(10, 4, seed=1), normal(10, 3, seed=2)
BATCH = Batch(INPUTS, torch.zeros(10, dtype=torch.int64))


def linear(params, inputs):
    """Features of a linear layer, which another reads."""
    return {"0": inputs @ params["0.weight"].T, "1": inputs}


def mean_square(params, batch):
    return (batch.inputs @ params["0.weight"].T - TARGETS).square().sum(1).mean()


@pytest.mark.parametrize("strength", [0.5, 9.0])
def test_on_a_linear_model_it_takes_a_share_of_the_full_step(strength):
    """The penalised solution is a + (full solution - a) / (1 + strength): the features are the predictions."""
    anchor = {"0.weight": normal(3, 4, seed=3), "1.weight": double([[0.0]])}
    full = torch.linalg.lstsq(INPUTS, TARGETS).solution.T
    curvature = 2 * torch.linalg.eigvalsh(INPUTS.T @ INPUTS / 10)[-1].item() * (1 + strength)
    method = bound("ldifs", strength=strength, learning_rate=1 / curvature)
    found = stream(method, [BATCH], 250, anchor, mean_square, layers=linear).params[-1]["0.weight"]
    assert (found - anchor["0.weight"] - (full - anchor["0.weight"]) / (1 + strength)).abs().max() < 1e-8


def test_the_penalty_of_known_features():
    """By hand: features (1, 2) and (3, 2) against (1, 0) and (0, 0): |.|² = 4 and 13, their mean 8.5."""
    first, second = double([[1.0, 0.0], [0.0, 0.0]]), double([[1.0, 2.0], [3.0, 2.0]])

    def layers(params, inputs):
        return {"0": first + params["0.weight"] * (second - first), "1": inputs}

    old, new = ({"0.weight": double([[number]]), "1.weight": double([[0.0]])} for number in (0.0, 1.0))
    found = penalty(bound("ldifs", strength=3.0), old, new, BATCH, layers=layers)
    assert found.item() == pytest.approx(3 * 8.5, abs=1e-12)
    assert penalty(bound("ldifs", strength=3.0), old, old, BATCH, layers=layers).item() == 0


def test_the_layers_of_a_network_are_one_vector():
    """The distance of all layers together is the sum of their squared distances, not their mean."""
    params, other, batch = start(), tree_map(lambda w: 1.1 * w, start()), examples(10)
    found = penalty(bound("ldifs", strength=1.0), params, other, batch)
    new, old = (ACTIVATIONS(each, batch.inputs) for each in (other, params))
    expected = sum((new[name] - old[name]).square().sum().item() for name in ("2", "4")) / 10
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_hidden_units_after_the_relu_are_the_features():
    """Of a perceptron with two hidden layers: 6 + 5 numbers an example, no logits, no inputs."""
    params, batch = start(), examples(10)
    outputs = ACTIVATIONS(params, batch.inputs)
    found = hidden_features(params, outputs, batch.inputs)
    assert len(found) == 2
    assert torch.equal(found[0], outputs["2"])
    assert torch.equal(found[1], outputs["4"])


def test_with_one_step_a_batch_it_is_plain_descent():
    """The penalty has no gradient at its anchor."""
    batches = [examples(10, seed) for seed in range(3)]
    plain, anchored = stream(bound("online_sgd"), batches, 1), stream(bound("ldifs", strength=10.0), batches, 1)
    assert all(same(a, b) for a, b in zip(plain.params, anchored.params, strict=True))
    two = [stream(bound(name), batches, 2).params[-1] for name in ("online_sgd", "ldifs")]
    assert not same(*two)
