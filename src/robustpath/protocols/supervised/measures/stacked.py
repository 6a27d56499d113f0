"""Many networks as one stack: their flat vectors, their logits and their losses, with derivatives member by member."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustpath import models
from robustpath.core import parameters
from robustpath.core.types import Params
from robustpath.data.prepared import Prepared
from robustpath.methods.geometry import chain
from robustpath.models.functional import predict

Network = Callable[[Params, Tensor], Tensor]  # parameters [M, …], inputs [n, …] -> logits [M, n, classes]
Losses = Callable[[Tensor], Tensor]  # points [M, d] -> one number a member [M]; no member's depends on another's point


def flatten(params: Params) -> Tensor:
    """Parameters [M, …] as points [M, d], in the order of their names: files keep another than networks do."""
    return parameters.flatten(by_name(params), 1)


def unflatten(points: Tensor, like: Params) -> Params:
    """Points [M, d] as parameters [M, …] of the shapes of `like`, whose number of members may be another."""
    return parameters.unflatten(points, {name: tensor.shape[1:] for name, tensor in by_name(like).items()})


def by_name(params: Params) -> Params:
    """The same parameters in the order of their names."""
    return dict(sorted(params.items()))


def layers(params: Params) -> list[str]:
    """The layers of a stack of fully connected networks, in order, as prefixes of the names."""
    return chain({name: tensor[0] for name, tensor in params.items()})


def activations(params: Params, inputs: Tensor) -> list[Tensor]:
    """What each layer reads, and at last the logits: inputs [n, …] -> [M, n, width] each.

    The network of models/mlp.py, in batched products: half the time of the same under torch.vmap.
    """
    *hidden, last = layers(params)
    found = [inputs.flatten(1).expand(len(params[f"{last}.weight"]), -1, -1)]
    for layer in hidden:
        found.append(_linear(params, layer, found[-1]).relu_())
    return [*found, _linear(params, last, found[-1])]


def _linear(params: Params, layer: str, inputs: Tensor) -> Tensor:
    return torch.baddbmm(params[f"{layer}.bias"][:, None], inputs, params[f"{layer}.weight"].transpose(1, 2))


def logits(params: Params, inputs: Tensor) -> Tensor:
    """Logits [M, n, classes] of inputs [n, …]."""
    return activations(params, inputs)[-1]


def network(settings: dict, prepared: Prepared) -> Network:
    """The network of settings for a stack; of perceptrons, whose layers their shapes say, without torch.vmap."""
    if models.name_of(settings) == models.DEFAULT:
        return logits
    model = models.network(settings, prepared.inputs.shape[1:], int(prepared.labels.max()) + 1)
    return torch.vmap(predict(model), in_dims=(0, None))


def mean_cross_entropy(like: Params, inputs: Tensor, labels: Tensor, network: Network = logits) -> Losses:
    """The loss of each member on its own labels [M, n] of common inputs, in nats."""

    def losses(points: Tensor) -> Tensor:
        # Over few classes the logarithm of the softmax takes a third of the time with the examples last; and there
        # torch's own cross-entropy would have no deterministic form on a GPU.
        found = network(unflatten(points, like), inputs).transpose(1, 2).contiguous()
        return -found.log_softmax(1).gather(1, labels[:, None]).squeeze(1).mean(1)

    return losses


def error(like: Params, inputs: Tensor, labels: Tensor, network: Network = logits) -> Losses:
    """The share of examples that each member gets wrong: labels [M, n]."""

    def errors(points: Tensor) -> Tensor:
        return (network(unflatten(points, like), inputs).argmax(2) != labels).double().mean(1)

    return errors


def slopes(losses: Losses, points: Tensor) -> tuple[Tensor, Tensor]:
    """Losses [M] and their gradients [M, d]."""
    points = points.detach().requires_grad_()
    values = losses(points)
    (gradients,) = torch.autograd.grad(values.sum(), points)
    return values.detach(), gradients


def hessian_products(losses: Losses, points: Tensor) -> Callable[[Tensor], Tensor]:
    """Vectors [M, d] -> H v [M, d]; the graph of the gradient is built once."""
    points = points.detach().requires_grad_()
    (gradients,) = torch.autograd.grad(losses(points).sum(), points, create_graph=True)
    return lambda vectors: torch.autograd.grad(gradients, points, vectors, retain_graph=True)[0]


def unit(vectors: Tensor) -> Tensor:
    """v / |v| [M, d], and zero for the zero vector."""
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(torch.finfo(vectors.dtype).tiny)
