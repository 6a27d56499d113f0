"""Layerwise proximal replay: a step that moves the outputs of each layer on the memory little."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.batches.er import er
from robustpath.methods.layers import inputs_of_layers
from robustpath.methods.preconditioned import preconditioned

MEMORY = 100  # examples that the matrices are taken on: the program takes the whole memory
TURNS = 10  # batches in which all of them are read anew


class State(NamedTuple):
    """inner: the base's state; inverses: {layer: (I + omega Sigma)^-1 [in + 1, in + 1]}, without the 1 where the layer
    has no bias; reads: {layer: what it last read of the memory [MEMORY, in]}; batches: how many have arrived."""

    inner: Any
    inverses: dict[str, Tensor]
    reads: dict[str, Tensor]
    batches: Tensor


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

    Sigma is the mean of x x' over the memory, x what the layer reads, with a 1 for its bias, as in plai-group/LPR
    (commit 76c44f8, src/strategies/lpr_plugin.py). Its README runs 3 and 9 steps a batch and computes the matrices
    anew every 30 and 90 steps, on the whole memory: here a tenth of the memory is read as each batch arrives, which
    costs the same and makes what is read as old. Not taken: its rules for convolutions and normalisations.
    """

    def init(params):
        found, reads = {}, {}
        for name, weight in params.items():
            layer, _, part = name.rpartition(".")
            if part == "weight":
                size = weight.shape[1] + (f"{layer}.bias" in params)
                found[layer] = torch.eye(size, dtype=weight.dtype, device=weight.device)
                reads[layer] = weight.new_zeros(MEMORY, weight.shape[1])
        return State(base.init(params), found, reads, torch.zeros((), dtype=torch.int64))

    def arrive(loss, params, state, batch, context):
        size = MEMORY // TURNS
        slots = (state.batches % TURNS) * size + torch.arange(size, device=state.batches.device)
        part = context.given["memory"].inputs[slots]
        now = inputs_of_layers(params, context.activations(params, part), part)
        reads = {
            layer: torch.where(
                state.batches == 0,
                rows.flatten(1).repeat(TURNS, 1),
                state.reads[layer].index_put((slots,), rows.flatten(1)),
            )
            for layer, rows in now.items()
        }
        return State(state.inner, inverses(params, reads, omega), reads, state.batches + 1)

    def step(loss, params, state, batch, context):
        changed = preconditioned(loss, params, lambda gradient: proximal(gradient, state.inverses))
        params, inner, info = base.step(changed, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    return base.replace(init=init, arrive=arrive, step=step, needs={**base.needs, "memory": MEMORY})
