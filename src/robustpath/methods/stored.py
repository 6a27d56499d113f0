"""Filling the memory of a network that has one (models/recall.py): a key and a value by the slot of an example."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from robustpath.core.types import Batch, Params
from robustpath.methods import memory
from robustpath.methods.base import Context

TRAINED = ("weight", "bias")


def divided(params: Params) -> tuple[Params, Params]:
    """The parameters that are trained, and those of the memory."""
    trained = {name: tensor for name, tensor in params.items() if name.endswith(TRAINED)}
    return trained, {name: tensor for name, tensor in params.items() if name not in trained}


def emptied(stored: Params) -> Params:
    """The parameters of a memory of one empty slot: with them the network is the perceptron, and reads nothing."""
    return {name: torch.zeros_like(tensor[-2:]) if tensor.dim() else tensor for name, tensor in stored.items()}


def layer(stored: Params) -> str:
    """The name of the layer that has the memory, and a dot."""
    return next(name for name in stored if name.endswith("keys")).removesuffix("keys")


def features(context: Context, params: Params, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """What enters the last layer [b, d], and what leaves it [b, classes], with the memory left out."""
    trained, stored = divided(params)
    *_, entering, leaving = context.activations(trained | emptied(stored), inputs).values()
    return entering, leaving


def written(params: Params, batch: Batch, keys: Tensor, used: Tensor | bool, **settings: Tensor) -> Params:
    """The parameters with the batch's `keys` and labels in its slots, which stay empty where the memory is not `used`;
    `settings`: other tensors of the memory."""
    name = layer(params)
    values = one_hot(batch.labels, params[f"{name}values"].shape[1]).to(keys.dtype)
    marks = ((batch.positions != memory.NOWHERE) & used).to(keys.dtype)
    return params | {
        f"{name}keys": memory.put(params[f"{name}keys"], batch.positions, keys),
        f"{name}values": memory.put(params[f"{name}values"], batch.positions, values),
        f"{name}filled": memory.put(params[f"{name}filled"], batch.positions, marks),
        **{name + setting: value for setting, value in settings.items()},
    }
