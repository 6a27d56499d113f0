"""Layerwise proximal replay: a step that moves the outputs of each layer on the memory little."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.batches.er import er
from robustpath.methods.layers import inputs_of_layers
from robustpath.methods.preconditioned import preconditioned

MEMORY = 100  # examples that the matrices are taken on: the program takes the whole memory


class State(NamedTuple):
    """inner: the base's state; inverses: {layer: (I + omega Sigma)^-1 [in + 1, in + 1]}, without the 1 where the layer
    has no bias."""

    inner: Any
    inverses: dict[str, Tensor]


def inverses(params: Params, inputs: dict[str, Tensor], omega: Tensor) -> dict[str, Tensor]:
    """(I + omega Sigma)^-1 of every layer, Sigma = mean of x x' over what the layer reads, {layer: [n, …]}; a bias
    reads 1.

    I + omega Sigma is R'R for the triangle R of a QR decomposition of the inputs over the identity. Of the ways to
    invert a matrix, this one can be compiled.
    """
    found = {}
    for layer, values in inputs.items():
        read = values.flatten(1)
        if f"{layer}.bias" in params:
            read = torch.cat([read, torch.ones_like(read[:, :1])], 1)
        count, size = read.shape
        identity = torch.eye(size, dtype=read.dtype, device=read.device)
        triangle = torch.geqrf(torch.cat([(omega / count).sqrt() * read, identity]))[0][:size].triu()
        found[layer] = torch.cholesky_inverse(triangle, upper=True)
    return found


def proximal(gradient: Params, by_layer: dict[str, Tensor]) -> Params:
    """The gradient [out, in + 1] of each layer's weight and bias, times its matrix."""
    changed = dict(gradient)
    for layer, inverse in by_layer.items():
        weight, bias = f"{layer}.weight", f"{layer}.bias"
        if bias in gradient:
            product = torch.cat([gradient[weight], gradient[bias][:, None]], 1) @ inverse
            changed[weight], changed[bias] = product[:, :-1], product[:, -1]
        else:
            changed[weight] = gradient[weight] @ inverse
    return changed


@register(
    search={"omega": log_uniform(0.01, 100, default=1)},
    base=er,
    cite="yoo2024lpr",
    off={"omega": 0.0},
    networks=("mlp",),
)
def lpr(base: Method, omega: Tensor) -> Method:
    """Experience replay with the gradient G of each layer replaced by G (I + omega Sigma)^-1 (Yoo et al. 2024).

    Sigma is the mean of x x' over the memory, x what the layer reads, with a 1 for its bias; the matrices are computed
    anew when a batch arrives. So the program plai-group/LPR does by default (commit 76c44f8,
    src/strategies/lpr_plugin.py). Not taken: its rules for convolutions and normalisations.
    """

    def init(params):
        state = {}
        for name, weight in params.items():
            layer, _, part = name.rpartition(".")
            if part == "weight":
                size = weight.shape[1] + (f"{layer}.bias" in params)
                state[layer] = torch.eye(size, dtype=weight.dtype, device=weight.device)
        return State(base.init(params), state)

    def arrive(loss, params, state, batch, context):
        memory = context.given["memory"].inputs
        inputs = inputs_of_layers(params, context.activations(params, memory), memory)
        return state._replace(inverses=inverses(params, inputs, omega))

    def step(loss, params, state, batch, context):
        changed = preconditioned(loss, params, lambda gradient: proximal(gradient, state.inverses))
        params, inner, info = base.step(changed, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    return base.replace(init=init, arrive=arrive, step=step, needs={**base.needs, "memory": MEMORY})
