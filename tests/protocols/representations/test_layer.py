"""The last hidden layer of a network that is no plain perceptron: what its last layer reads."""

import torch

from robustpath.core.parameters import stack
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.models import random_features
from robustpath.models.functional import initialise
from robustpath.protocols.representations.layer import reader


def test_the_layer_of_any_network_is_what_its_last_layer_reads():
    inputs = torch.randn(6, 5, generator=generator("inputs"))
    data = Prepared(inputs, torch.tensor([0, 1, 2] * 2), torch.zeros(6, dtype=torch.bool))
    model = random_features.network((5,), 3, ())
    params = stack(initialise(model, generator("member", member)) for member in range(2))
    found = reader({"model": "random_features"}, data)(params, inputs)
    for member in range(2):
        weight, bias = (params[f"features.{part}"][member] for part in ("weight", "bias"))
        torch.testing.assert_close(found.activations[member], (inputs @ weight.T + bias).clamp_min(0))
    assert torch.equal(found.incoming, params["features.weight"]) and torch.equal(found.readout, params["head.weight"])
