"""Directions that keep loss and norm to first order and are no mere change of the units' scales.

A ReLU unit whose ingoing weights and bias grow by exp(a) and whose outgoing weights shrink by exp(-a) computes the same
function, so each hidden unit j has a generator v_j = (w_in, b, -w_out) with <grad loss, v_j> = 0.
"""

import re
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from robustpath.core.parameters import dot, scale, subtract, tree_map, unit
from robustpath.core.types import Params

# Enough for the rounding of double precision in networks of two hidden layers (relative residual 1e-14; of single
# precision, 1e-7, after eight). An iteration costs two products of a vector with the weights between hidden layers.
ITERATIONS = 16
ETA = 0.01  # keeps weights near zero from standing still; the default of the code of Kwon et al. 2021


def chain(params: Params) -> list[str]:
    """The layers of a fully connected network, in order, as prefixes of the names; empty for other parameters.

    Their form: `{index}.weight` [out, in], perhaps `{index}.bias` [out], and every layer reads the one before.
    """
    parts = [re.fullmatch(r"(\d+)\.(weight|bias)", name) for name in params]
    if not all(parts):
        return []
    layers = sorted({part[1] for part in parts}, key=int)
    shapes = [params[f"{layer}.weight"].shape if f"{layer}.weight" in params else () for layer in layers]
    if any(len(shape) != 2 for shape in shapes):
        return []
    return layers if all(after[1] == before[0] for before, after in pairwise(shapes)) else []


def rescaling(params: Params, rates: list[Tensor]) -> Params:
    """The sum of a_j v_j, for one vector of `rates` a per hidden layer of a chain."""
    layers = chain(params)
    first, last = params[f"{layers[0]}.weight"], params[f"{layers[-1]}.weight"]
    rates = [first.new_zeros(first.shape[1]), *rates, last.new_zeros(last.shape[0])]
    motion = {}
    for layer, (inward, outward) in zip(layers, pairwise(rates), strict=True):
        motion[f"{layer}.weight"] = (outward[:, None] - inward) * params[f"{layer}.weight"]
        if f"{layer}.bias" in params:
            motion[f"{layer}.bias"] = outward * params[f"{layer}.bias"]
    return motion


def rescaling_products(params: Params, vector: Params) -> list[Tensor]:
    """<v_j, vector> for the hidden units j of a chain: one vector per hidden layer."""
    products, layers = tree_map(torch.mul, params, vector), chain(params)
    ingoing = [products[f"{layer}.weight"].sum(1) + products.get(f"{layer}.bias", 0) for layer in layers[:-1]]
    outgoing = [products[f"{layer}.weight"].sum(0) for layer in layers[1:]]
    return [here - there for here, there in zip(ingoing, outgoing, strict=True)]


def without_rescaling(params: Params, vector: Params) -> Params:
    """`vector` less its orthogonal projection on the span of all v_j; `vector` itself where `params` are no chain.

    The v_j of one layer are orthogonal. Unit j of a layer and unit k of the next share the weight W_kj between them:
    <v_j, v_k> = -W_kj². The Gram matrix is thus block tridiagonal and diagonally dominant, and conjugate gradients
    solve its system without forming it.
    """
    layers = chain(params)
    if len(layers) < 2:
        return vector
    squares = tree_map(torch.square, params)
    between = [squares[f"{layer}.weight"] for layer in layers[1:-1]]
    widths = [params[f"{layer}.weight"].shape[0] for layer in layers[:-1]]
    ingoing = [squares[f"{layer}.weight"].sum(1) + squares.get(f"{layer}.bias", 0) for layer in layers[:-1]]
    outgoing = [squares[f"{layer}.weight"].sum(0) for layer in layers[1:]]
    diagonal = torch.cat([here + there for here, there in zip(ingoing, outgoing, strict=True)])

    def gram(rates):
        parts = list(rates.split(widths))
        overlap = [torch.zeros_like(part) for part in parts]
        for layer, square in enumerate(between):
            overlap[layer] = overlap[layer] + parts[layer + 1] @ square
            overlap[layer + 1] = overlap[layer + 1] + square @ parts[layer]
        return diagonal * rates - torch.cat(overlap)

    rates = conjugate_gradients(gram, diagonal, torch.cat(rescaling_products(params, vector)))
    return subtract(vector, rescaling(params, list(rates.split(widths))))


def conjugate_gradients(matrix: Callable[[Tensor], Tensor], diagonal: Tensor, right: Tensor) -> Tensor:
    """x with matrix(x) = right, for a positive definite matrix, by ITERATIONS steps preconditioned with its diagonal
    (Hestenes & Stiefel 1952). A unit without weights has a zero row and right side, and gets x = 0."""
    tiny = torch.finfo(right.dtype).tiny
    inverse = torch.where(diagonal > 0, 1 / diagonal.clamp_min(tiny), 0)
    x, residual = torch.zeros_like(right), right
    search = inverse * residual
    size = (residual * search).sum()
    for _ in range(ITERATIONS):
        image = matrix(search)
        # Once the residual is zero the quotients are 0/0: the bound makes them zero.
        length = size / (search * image).sum().clamp_min(tiny)
        x, residual = x + length * search, residual - length * image
        previous, size = size, (residual * residual * inverse).sum()
        search = inverse * residual + size / previous.clamp_min(tiny) * search
    return x


def tangent(params: Params, gradient: Params, vector: Params) -> Params:
    """`vector` projected orthogonally to `params`, to `gradient` and to every v_j.

    The gradient of the network's loss is orthogonal to the v_j as it is; `params` are made so before they are removed.
    """
    radial = unit(without_rescaling(params, params))
    uphill = unit(_without(radial, gradient))
    return _without(uphill, _without(radial, without_rescaling(params, vector)))


def _without(direction: Params, vector: Params) -> Params:
    """`vector` less its part along the unit vector `direction`."""
    return subtract(vector, scale(direction, dot(direction, vector)))


def units(params: Params) -> Params:
    """The units in which adaptive sharpness measures a step: |w| + eta for the entries of weights, recognised by their
    name, and 1 for all others (T of Kwon et al. 2021, eq. 3)."""
    return {
        name: tensor.abs() + ETA if "weight" in name else torch.ones_like(tensor) for name, tensor in params.items()
    }
