"""Symmetry teleportation: start where the gradient is largest among parameters that compute the same function."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import add, norm, subtract, zeros_like
from robustpath.methods.base import Method, Params, grad_and_value, log_uniform, register, sequence
from robustpath.methods.geometry import rescaling_products
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.orbit import rescaled

SHARE = 0.03  # of the budget measures the gradient at the start; the rest is left to the descent
SWEEPS = 4  # over the hidden layers


class State(NamedTuple):
    """start: the first parameters; gradients: the sum of the batches' gradients there."""

    start: Params
    gradients: Params


def steepest_rates(gradient: Params, largest: Tensor) -> list[Tensor]:
    """Rates a of the hidden units, |a_j| <= `largest`, at which |gradient|² on the orbit is greatest layer by layer.

    |gradient(a)|² is the sum of g² exp(2 (a_in - a_out)) over the weights. For unit j alone that is I exp(-2 a_j) + O
    exp(2 a_j), with I and O the squares of its ingoing and outgoing entries at a_j = 0, and greatest at the bound on
    the side of the larger. The units of a layer share no weight, so one layer at a time is solved exactly.
    """
    rates = [torch.zeros_like(product) for product in rescaling_products(gradient, gradient)]
    for layer in list(range(len(rates))) * SWEEPS:
        others = [-rate * (number != layer) for number, rate in enumerate(rates)]
        there = rescaled(gradient, others)
        rates[layer] = -largest * torch.sign(rescaling_products(there, there)[layer])
    return rates


@register(search={"largest_rate": log_uniform(0.1, 1.0, default=0.5)}, base=sgd, cite="zhao2022teleportation")
def symmetry_teleportation(base: Method, largest_rate: Tensor) -> Method:
    """Symmetry teleportation: w <- argmax |grad L(w')|² over w' = (exp(a) w_in, exp(a) b, exp(-a) w_out) with
    |a| <= largest_rate for every ReLU unit, then the base method (Zhao et al. 2022).

    Once, before the descent. All w' compute the same function, so one gradient gives that of every w' in closed form;
    it is the mean over the batches of the first hundredths of the budget, all taken at the start. Zhao et al. act with
    general linear groups, which keep the outputs on given inputs, early in the descent, and ascend by autograd with a
    learning rate; the rescaling of units keeps a ReLU network's outputs on all inputs, and |gradient| has no maximum on
    its orbit without a bound. No setting makes it the base method alone, since the gradient takes its share.
    """

    def init(params):
        return State(params, zeros_like(params))

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(state.start, batch)
        gradients = add(state.gradients, gradient)
        there = rescaled(state.start, steepest_rates(gradients, largest_rate))
        info = {"loss": value, "displacement": norm(subtract(there, state.start)) / norm(state.start)}
        return there, State(state.start, gradients), info

    return sequence((SHARE, Method(init, step)), (1 - SHARE, base))
