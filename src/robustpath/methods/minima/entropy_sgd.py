"""Entropy-SGD: descend the loss averaged over a neighbourhood that a Langevin walk explores."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, where, zeros_like
from robustpath.methods.base import Method, Params, choice, grad_and_value, log_uniform, register
from robustpath.methods.descent import cosine

SCOPING = 1e-3  # the growth of gamma a round; the code's default


class State(NamedTuple):
    """centre: x, where the walk began; mean: mu, the decaying average of the walk; inner, outer: the velocities of the
    walk and of the centre; steps: of the walk so far; rounds: walks so far."""

    centre: Params
    mean: Params
    inner: Params
    outer: Params
    steps: Tensor
    rounds: Tensor


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
        "memory": choice(0.25, 0.75, default=0.75),
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
    memory: Tensor,
    temperature: Tensor,
    weight_decay: Tensor,
) -> Method:
    """Entropy-SGD of its authors' code: x <- x - lr (x - mu), where mu is the mean of a Langevin walk x' from x.

    The walk: x' <- x' - r (grad loss(x') + gamma (x' - x)) + e sqrt(2 r) n, then mu <- a mu + (1-a) x', L times, where
    r is `inner_rate`, e `temperature`, n standard normal, a `memory` and L `inner_steps`; gamma grows by a thousandth
    from one walk to the next. Both gradients take in weight decay and Nesterov's momentum, the walk's from rest.

    The version is that of the published code (Chaudhari et al. 2016, ucla-vision/entropy-sgd), where the old mean has
    weight a = 0.75; in the paper's algorithm 1 the new iterate has it (a = 0.25), and x moves by lr gamma (x - mu). As
    there every step of the walk meets a new batch; its gradient at x itself, which is not used, is left out, so x moves
    once in L gradient evaluations. The schedule is the cosine that other methods have, for x alone. Evaluated is x.
    """

    def init(params):
        rest = zeros_like(params)
        return State(params, params, rest, rest, torch.zeros(()), torch.zeros(()))

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        gradient = tree_map(lambda g, w: g + weight_decay * w, gradient, params)
        direction, inner = nesterov(gradient, state.inner, momentum)
        scope = gamma * (1 + SCOPING) ** state.rounds
        kick = temperature * (2 * inner_rate).sqrt()
        walked = tree_map(
            lambda w, d, x, n: w - inner_rate * (d + scope * (w - x)) - kick * n,
            params,
            direction,
            state.centre,
            context.given["noise"],
        )
        mean = tree_map(lambda mu, w: memory * mu + (1 - memory) * w, state.mean, walked)

        ascent = tree_map(lambda x, mu: x - mu + weight_decay * x, state.centre, mean)
        direction, outer = nesterov(ascent, state.outer, momentum)
        rate = learning_rate * cosine(context.progress, torch.zeros_like(context.progress))
        landed = tree_map(lambda x, d: x - rate * d, state.centre, direction)

        done = state.steps + 1 >= inner_steps
        after = State(
            where(done, landed, state.centre),
            where(done, landed, mean),
            where(done, zeros_like(inner), inner),
            where(done, outer, state.outer),
            torch.where(done, 0, state.steps + 1),
            state.rounds + done,
        )
        return where(done, landed, walked), after, {"loss": value}

    def readout(params, state):
        return state.centre

    return Method(init, step, readout, needs={"noise": 1})
