"""Entropy-SGD: descend the loss averaged over a neighbourhood that a Langevin walk explores."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, where, zeros_like
from robustpath.methods.base import Method, Params, choice, grad_and_value, log_uniform, register
from robustpath.methods.descent import cosine

MEMORY = 0.75  # the weight a of the old mean; fixed in the authors' code


class State(NamedTuple):
    """centre: x, where the walk began; mean: mu, the decaying average of the walk; inner, outer: the velocities of the
    walk and of the centre; steps: of the walk so far; begun: whether the first gradient has been taken."""

    centre: Params
    mean: Params
    inner: Params
    outer: Params
    steps: Tensor
    begun: Tensor


def nesterov(gradient: Params, velocity: Params, momentum: Tensor) -> tuple[Params, Params]:
    """(g + m v', v') with v' = m v + g: the direction of PyTorch's SGD with Nesterov's momentum, and the velocity."""
    velocity = tree_map(lambda v, g: momentum * v + g, velocity, gradient)
    return tree_map(lambda g, v: g + momentum * v, gradient, velocity), velocity


@register(
    search={
        "learning_rate": log_uniform(0.03, 1.0, default=0.1),
        "inner_rate": log_uniform(0.03, 0.3, default=0.1),
        "inner_steps": choice(5, 10, 20, default=20),
        "momentum": choice(0.0, 0.9, default=0.9),
        "gamma": log_uniform(1e-4, 1.0, default=0.03),
        "temperature": log_uniform(1e-4, 1e-3, default=1e-4),
        "weight_decay": log_uniform(1e-5, 1e-2, default=5e-4),
    },
    cite="chaudhari2016entropysgd",
)
def entropy_sgd(
    learning_rate: Tensor,
    inner_rate: Tensor,
    inner_steps: Tensor,
    momentum: Tensor,
    gamma: Tensor,
    temperature: Tensor,
    weight_decay: Tensor,
) -> Method:
    """Entropy-SGD of its authors' PyTorch code: x <- x - lr (x - mu) with momentum; mu averages a Langevin walk from x.

    The walk: x' <- x' - r (grad loss(x') + gamma (x' - x)) + e sqrt(2 r) n, then mu <- a mu + (1-a) x' with a = 0.75, L
    times, where r is `inner_rate` (0.1 in the code), e `temperature`, n standard normal and L `inner_steps`. Weight
    decay and Nesterov's momentum enter grad loss(x') and x - mu. The walk's velocity begins each time at zero, that of
    x once with the gradient at the start, for which the first step is taken.

    The arithmetic is that of python/optim.py (Chaudhari et al. 2016, ucla-vision/entropy-sgd), where gamma stays as it
    is since the count by which it should grow is never raised. The code takes a gradient at x before every walk and
    uses the first alone; the others are left out here, which changes nothing but the batches that the walks meet, so x
    moves once in L gradient evaluations in place of L + 1. Our departure is the schedule: lr falls by the cosine that
    other methods have; r does not. Evaluated is x.

    The authors' Lua code, of the paper's runs, is another method: x <- x - lr (x - mu) without momentum or decay, the
    decay outside the walk's momentum, and gamma growing by a thousandth a walk. In the paper's algorithm 1 the new
    iterate has the weight 0.75, and x moves by lr gamma (x - mu).
    """

    def init(params):
        rest = zeros_like(params)
        return State(params, params, rest, rest, torch.zeros(()), torch.tensor(False))

    def step(loss, params, state, batch, context):
        slope, value = grad_and_value(loss)(params, batch)
        gradient = tree_map(lambda g, w: g + weight_decay * w, slope, params)
        direction, inner = nesterov(gradient, state.inner, momentum)
        kick = temperature * (2 * inner_rate).sqrt()
        walked = tree_map(
            lambda w, d, x, n: w - inner_rate * (d + gamma * (w - x)) - kick * n,
            params,
            direction,
            state.centre,
            context.given["noise"],
        )
        mean = tree_map(lambda mu, w: MEMORY * mu + (1 - MEMORY) * w, state.mean, walked)

        ascent = tree_map(lambda x, mu: x - mu + weight_decay * x, state.centre, mean)
        direction, outer = nesterov(ascent, state.outer, momentum)
        rate = learning_rate * cosine(context.progress, torch.zeros_like(context.progress))
        landed = tree_map(lambda x, d: x - rate * d, state.centre, direction)

        done = state.begun & (state.steps + 1 >= inner_steps)
        walking = state.begun & ~done
        after = State(
            where(done, landed, state.centre),
            where(walking, mean, where(done, landed, state.mean)),
            where(walking, inner, zeros_like(inner)),
            where(done, outer, where(state.begun, state.outer, slope)),
            torch.where(walking, state.steps + 1, 0),
            torch.ones_like(state.begun),
        )
        return where(done, landed, where(walking, walked, params)), after, {"loss": value}

    def readout(params, state):
        return state.centre

    return Method(init, step, readout, needs={"noise": 1})
