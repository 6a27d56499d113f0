"""The orbit of a network's parameters under the rescaling of its ReLU units: all of it computes the same function.

Unit j with the rate a_j: ingoing weights and bias times exp(a_j), outgoing weights times exp(-a_j). A weight of the
gradient shrinks as the weight itself grows, so gradient(orbit point) is the gradient moved by the opposite rates.
"""

from itertools import pairwise

import torch
from torch import Tensor

from robustpath.core.parameters import dot, norm, subtract
from robustpath.core.types import Params
from robustpath.methods.geometry import chain, rescaling

ITERATIONS = 6  # of Newton's method: enough for double precision up to twice the norm, in one to four hidden layers


def rescaled(params: Params, rates: list[Tensor]) -> Params:
    """The point of the orbit at `rates`, one vector per hidden layer of a chain; `params` where they are no chain."""
    layers = chain(params)
    if len(layers) < 2:
        return params
    first, last = params[f"{layers[0]}.weight"], params[f"{layers[-1]}.weight"]
    rates = [first.new_zeros(first.shape[1]), *rates, last.new_zeros(last.shape[0])]
    moved = {}
    for layer, (inward, outward) in zip(layers, pairwise(rates), strict=True):
        moved[f"{layer}.weight"] = params[f"{layer}.weight"] * torch.exp(outward[:, None] - inward)
        if f"{layer}.bias" in params:
            moved[f"{layer}.bias"] = params[f"{layer}.bias"] * torch.exp(outward)
    return moved


def rescaled_to_distance(params: Params, rates: list[Tensor], distance: Tensor) -> Params:
    """The point w' of the orbit at t times `rates` whose t > 0 makes |w' - w| = distance |w|.

    Every weight moves away as t grows, so there is one such t. Newton's method on log |w' - w| as a function of log t
    finds it: along a straight path, which is its first guess, that function would be a straight line.
    """
    if len(chain(params)) < 2:
        return params
    wanted = distance * norm(params)
    t = wanted / norm(rescaling(params, rates))
    for _ in range(ITERATIONS):
        moved = rescaled(params, [t * rate for rate in rates])
        step = subtract(moved, params)
        length = norm(step)
        slope = t * dot(step, rescaling(moved, rates)) / length**2
        t = t * (wanted / length) ** (1 / slope)
    return rescaled(params, [t * rate for rate in rates])
