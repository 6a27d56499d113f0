"""What every descent shares: the schedule of the learning rate, and large batches gathered from small ones."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath.core.parameters import add, tree_map, where, zeros_like
from robustpath.methods.base import Context, Method, Params, grad_and_value

Update = Callable[[Params, Params, Any, Context], tuple[Params, Any]]


class Gathered(NamedTuple):
    """inner: the optimiser's own state; gradients: the sum of `count` gradients since its last update."""

    inner: Any
    gradients: Params
    count: Tensor


def cosine(progress: Tensor, warmup: Tensor) -> Tensor:
    """The factor of the learning rate: a linear warm-up over the share `warmup`, then half a cosine down to zero
    (Goyal et al. 2017, sec. 2.2; Loshchilov & Hutter 2017, eq. 5 without restarts)."""
    rising = progress / warmup.clamp_min(1e-12)
    falling = 0.5 * (1 + torch.cos(math.pi * (progress - warmup) / (1 - warmup)))
    return torch.where(progress < warmup, rising, falling)


def descent(init: Callable[[Params], Any], update: Update, batches_per_step: Tensor) -> Method:
    """A method: update(gradient, params, inner, context) -> (params, inner) is called every `batches_per_step` batches.

    The gradient is the mean over those batches: a large batch is that many small ones, so that small and large batches
    see the same examples at the same number of gradient evaluations.
    """

    def begin(params):
        return Gathered(init(params), zeros_like(params), torch.zeros(()))

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        gradients, count = add(state.gradients, gradient), state.count + 1
        full = count >= batches_per_step
        updated = update(tree_map(lambda g: g / count, gradients), params, state.inner, context)
        params, inner = state_map(lambda new, old: torch.where(full, new, old), updated, (params, state.inner))
        gradients = where(full, zeros_like(gradients), gradients)
        return params, Gathered(inner, gradients, torch.where(full, 0, count)), {"loss": value}

    return Method(begin, step)
