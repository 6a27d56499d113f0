"""Stochastic gradient descent: the method that every other is compared with."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Method, choice, grad_and_value, log_uniform, register, uniform
from robustpath.methods.tree import add, tree_map, where, zeros_like


class State(NamedTuple):
    """velocity: the momentum buffer; gathered: the sum of `count` gradients since the last update."""

    velocity: dict[str, Tensor]
    gathered: dict[str, Tensor]
    count: Tensor


def cosine(progress: Tensor, warmup: Tensor) -> Tensor:
    """The factor of the learning rate: a linear warm-up over the share `warmup`, then half a cosine down to zero
    (Goyal et al. 2017, sec. 2.2; Loshchilov & Hutter 2017, eq. 5 without restarts)."""
    rising = progress / warmup.clamp_min(1e-12)
    falling = 0.5 * (1 + torch.cos(math.pi * (progress - warmup) / (1 - warmup)))
    return torch.where(progress < warmup, rising, falling)


@register(
    search={
        "learning_rate": log_uniform(0.01, 1.0, default=0.1),
        "momentum": choice(0.0, 0.9, 0.95, default=0.9),
        "weight_decay": log_uniform(1e-5, 1e-2, default=5e-4),
        "warmup": uniform(0.0, 0.2, default=0.05),
        "batches_per_step": choice(1, 8, default=1),
    },
    cite="robbins1951stochastic",
)
def sgd(learning_rate: Tensor, momentum: Tensor, weight_decay: Tensor, warmup: Tensor, batches_per_step: Tensor) -> Method:
    """Stochastic gradient descent with momentum: v <- m v + g + d w; w <- w - lr v (Sutskever et al. 2013, eq. 1-2).

    g is the mean gradient of `batches_per_step` successive batches: a large batch is that many small ones, so that
    small and large batches see the same examples at the same number of gradient evaluations.
    """

    def init(params):
        return State(zeros_like(params), zeros_like(params), torch.zeros(()))

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        gathered, count = add(state.gathered, gradient), state.count + 1
        full = count >= batches_per_step
        rate = learning_rate * cosine(context.progress, warmup)
        velocity = tree_map(lambda v, g, w: momentum * v + (g / count + weight_decay * w), state.velocity, gathered, params)
        moved = tree_map(lambda w, v: w - rate * v, params, velocity)
        after = State(
            where(full, velocity, state.velocity),
            where(full, zeros_like(gathered), gathered),
            torch.where(full, torch.zeros_like(count), count),
        )
        return where(full, moved, params), after, {"loss": value}

    return Method(init, step)
