"""Networks: plain modules, used as pure functions of their parameters; nothing couples the examples of a batch."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch

Params = dict[str, Tensor]


def mlp(inputs: int, hidden: Sequence[int], classes: int) -> nn.Module:
    """A fully connected ReLU network from [b, …], `inputs` numbers an example, to logits [b, classes]."""
    widths = [inputs, *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    with torch.device("meta"):
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        layers.append(nn.Linear(widths[-1], classes))
    return nn.Sequential(*layers)


def initialise(model: nn.Module, generator: torch.Generator) -> Params:
    """Parameters drawn from `generator`: weights and biases uniform on ±1/sqrt(fan-in), PyTorch's default.

    A normalisation begins with weights 1 and biases 0.
    """
    params = {}
    for name, module in model.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            bound = 1 / math.sqrt(module.weight[0].numel())
            for part, tensor in module.named_parameters():
                params[f"{name}.{part}"] = torch.empty(tensor.shape).uniform_(-bound, bound, generator=generator)
        elif isinstance(module, nn.GroupNorm):
            params |= {
                f"{name}.weight": torch.ones(module.weight.shape),
                f"{name}.bias": torch.zeros(module.bias.shape),
            }
    return params


def predict(model: nn.Module) -> Callable[[Params, Tensor], Tensor]:
    """The network as a function (params, inputs [b, …]) -> logits [b, classes]."""
    return lambda params, inputs: functional_call(model, params, (inputs,))


def mean_cross_entropy(model: nn.Module) -> Callable[[Params, Batch], Tensor]:
    """The training loss as a function (params, batch) -> mean cross-entropy, a scalar in nats."""
    logits = predict(model)
    return lambda params, batch: cross_entropy(logits(params, batch.inputs), batch.labels)
