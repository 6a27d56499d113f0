"""Prototypes: after one step the logits rank the classes by the distance of their mean features."""

import torch

from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Batch, Context
from robustpath.models.functional import activations, predict
from robustpath.models.mlp import mlp

from .conftest import bound

SEEN = [0, 2, 3]  # of five classes


def test_logits_are_minus_half_the_squared_distance_to_the_mean_up_to_a_constant():
    numbers = torch.Generator().manual_seed(0)
    model = mlp(3, [7], 5)
    params = {
        name: torch.randn(p.shape, generator=numbers, dtype=torch.float64) for name, p in model.named_parameters()
    }
    inputs, labels = torch.randn(9, 3, generator=numbers, dtype=torch.float64), torch.tensor(SEEN * 3)
    layers, rule = activations(model), adaptation_of(bound("prototypes"))
    context = Context(torch.tensor(0.5), {}, None, layers)
    once, _, _ = rule.step(None, params, rule.init(params), Batch(inputs, labels), context)
    twice, _, _ = rule.step(None, once, (), Batch(inputs, labels), context)
    assert all(torch.equal(once[name], twice[name]) for name in params)

    asked = torch.randn(20, 3, generator=numbers, dtype=torch.float64)
    features, learnt = (layers(params, each)["2"] for each in (asked, inputs))
    means = torch.stack([learnt[labels == label].mean(0) for label in SEEN])
    expected = -(features[:, None] - means).square().sum(2) / 2
    found = predict(model)(once, asked)[:, SEEN]
    assert torch.allclose(found - found[:, :1], expected - expected[:, :1])
