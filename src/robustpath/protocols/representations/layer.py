"""The last hidden layer of many networks: what its units are on given inputs, and the weights around them."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath import models
from robustpath.core.types import Params
from robustpath.data.prepared import Prepared
from robustpath.models import functional
from robustpath.protocols.supervised.measures import stacked


class Layer(NamedTuple):
    """activations [M, n, d], the weights of the units that they come from [M, d, p], those of the logits [M, classes,
    d]."""

    activations: Tensor
    incoming: Tensor
    readout: Tensor


def reader(settings: dict, prepared: Prepared) -> Callable[[Params, Tensor], Layer]:
    """(params [M, …], inputs [n, …]) -> the last hidden layer: what the last layer of the network of settings reads."""
    if models.name_of(settings) == models.DEFAULT:

        def dense(params: Params, inputs: Tensor) -> Layer:
            *_, before, last = stacked.layers(params)
            found = stacked.activations(params, inputs)[-2]
            return Layer(found, params[f"{before}.weight"], params[f"{last}.weight"])

        return dense
    model = models.network(settings, prepared.inputs.shape[1:], int(prepared.labels.max()) + 1)
    through = torch.vmap(functional.activations(model), in_dims=(0, None))
    _, together = models.load(models.name_of(settings)).PORTION

    def any_other(params: Params, inputs: Tensor) -> Layer:
        parts = inputs.split(together or len(inputs))
        found = torch.cat([list(through(params, part).values())[-2] for part in parts], 1)
        names = [f"{name}.weight" for name, _ in model.named_children()]
        *_, before, last = [name for name in names if name in params]
        return Layer(found, params[before], params[last])

    return any_other
