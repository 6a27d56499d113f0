"""Networks as pure functions of their parameters; nothing couples the examples of a batch."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.core.types import Batch, Params


def initialise(model: nn.Module, generator: torch.Generator) -> Params:
    """Parameters drawn from `generator`: weights and biases uniform on ±1/sqrt(fan-in), PyTorch's default.

    A normalisation begins with weights 1 and biases 0; a module with a function `start(generator)` as that says, its
    buffers included. UserError for a parameter of any other module: it would stay without a value.
    """
    params = {}
    for name, module in model.named_modules():
        own = {f"{name}.{part}".removeprefix("."): tensor for part, tensor in module.named_parameters(recurse=False)}
        if start := getattr(module, "start", None):
            params |= {f"{name}.{part}".removeprefix("."): tensor for part, tensor in start(generator).items()}
        elif isinstance(module, (nn.Linear, nn.Conv2d)):
            bound = 1 / math.sqrt(module.weight[0].numel())
            for part, tensor in own.items():
                params[part] = torch.empty(tensor.shape).uniform_(-bound, bound, generator=generator)
        elif isinstance(module, nn.GroupNorm):
            for part, tensor in own.items():
                params[part] = torch.ones(tensor.shape) if part.endswith("weight") else torch.zeros(tensor.shape)
        elif own:
            raise UserError(
                f"no rule says how the parameter {next(iter(own))} of a {type(module).__name__} begins; give the "
                "module a function `start`, or add a rule to initialise in src/robustpath/models/functional.py"
            )
    return params


def predict(model: nn.Module) -> Callable[[Params, Tensor], Tensor]:
    """The network as a function (params, inputs [b, …]) -> logits [b, classes], which wants every parameter."""
    return lambda params, inputs: functional_call(model, params, (inputs,), strict=True)


def activations(model: nn.Sequential) -> Callable[[Params, Tensor], dict[str, Tensor]]:
    """The outputs of every layer of a network as a function (params, inputs [b, …]) -> {name of the layer: [b, …]}.

    Layers are the parts of the nn.Sequential, in order; the last are the logits. The function raises a UserError
    for a network of another form, whose layers have no order.
    """

    def through(params: Params, inputs: Tensor) -> dict[str, Tensor]:
        if not isinstance(model, nn.Sequential):
            raise UserError(f"a {type(model).__name__} has no layers in order: make the network an nn.Sequential")
        found, values = {}, inputs
        for name, layer in model.named_children():
            own = {key.removeprefix(f"{name}."): value for key, value in params.items() if key.startswith(f"{name}.")}
            values = functional_call(layer, own, (values,), strict=True)
            found[name] = values
        return found

    return through


def mean_cross_entropy(model: nn.Module) -> Callable[[Params, Batch], Tensor]:
    """The training loss as a function (params, batch) -> mean cross-entropy, a scalar in nats."""
    logits = predict(model)
    return lambda params, batch: cross_entropy(logits(params, batch.inputs), batch.labels)
