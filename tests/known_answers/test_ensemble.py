"""An ensemble: four runs of SGD, and the mean of their probabilities."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath import models
from robustpath.core.randomness import generator
from robustpath.methods.base import Batch, Context
from robustpath.models.ensemble_mlp import COUNT
from robustpath.models.functional import activations, initialise, predict

from .conftest import bound, double

SETTINGS = {"model": "ensemble_mlp", "hidden": [5, 3]}
TRAINED = {"learning_rate": 0.3, "momentum": 0.9, "weight_decay": 0.01, "warmup": 0.1}
STEPS = 12


def doubled(params):
    return {key: tensor.double() for key, tensor in params.items()}


def batch_of(number):
    inputs = torch.randn(6, 4, generator=generator("batch", number), dtype=torch.float64)
    return Batch(inputs, (inputs[:, 0] > 0).long() + (inputs[:, 1] > 0).long())


def trained(method, network, params, layers=None):
    state, losses = method.init(params), []

    def loss(p, b):
        return cross_entropy(network(p, b.inputs), b.labels)

    for number in range(STEPS):
        context = Context(double((number + 0.5) / STEPS), {}, network, layers)
        params, state, info = method.step(loss, params, state, batch_of(number), context)
        losses.append(info["loss"].item())
    return method.readout(params, state), losses


def member(params, number):
    start = f"members.{number}."
    return {key.removeprefix(start): tensor for key, tensor in params.items() if key.startswith(start)}


def test_members_train_as_four_runs_of_sgd_do_and_their_probabilities_are_averaged():
    """Lakshminarayanan et al. 2017, algorithm 1 without adversarial examples, and p = sum_m p_m / M."""
    model, single = (models.network(SETTINGS | {"model": name}, (4,), 3) for name in ("ensemble_mlp", "mlp"))
    start = doubled(initialise(model, generator("ensemble")))
    together, losses = trained(bound("ensemble", **TRAINED), predict(model), start, activations(model))
    alone = [trained(bound("sgd", **TRAINED), predict(single), member(start, number)) for number in range(COUNT)]
    for number, (params, _) in enumerate(alone):
        for key, tensor in params.items():
            torch.testing.assert_close(together[f"members.{number}.{key}"], tensor, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(double(losses), double([own for _, own in alone]).mean(0))
    inputs = batch_of(99).inputs
    mean = torch.stack([predict(single)(params, inputs).softmax(1) for params, _ in alone]).mean(0)
    torch.testing.assert_close(predict(model)(together, inputs), mean.log())


@pytest.mark.parametrize(("name", "shape"), [("ensemble_mlp", (4,)), ("ensemble_strided_cnn", (9, 9))])
def test_members_begin_apart(name, shape):
    model = models.network(SETTINGS | {"model": name}, shape, 3)
    start = initialise(model, generator("ensemble"))
    weights = [tensor for key, tensor in start.items() if key.endswith(".1.weight")]
    assert len(weights) == COUNT and all(not torch.equal(weights[0], other) for other in weights[1:])


def test_an_ensemble_of_convolutions_gives_the_mean_probability_of_four_networks():
    model, single = (models.network({"model": name}, (28, 28), 10) for name in ("ensemble_strided_cnn", "strided_cnn"))
    start = initialise(model, generator("ensemble"))
    inputs = torch.randn(5, 28, 28, generator=generator("inputs"))
    alone = [predict(single)(member(start, number), inputs) for number in range(COUNT)]
    mean = torch.stack([logits.softmax(1) for logits in alone]).mean(0)
    torch.testing.assert_close(predict(model)(start, inputs), mean.log())
    layers = activations(model)(start, inputs)["members"]
    assert layers.shape == (5, COUNT, 10) and torch.allclose(layers[:, 2], alone[2], atol=1e-6)
