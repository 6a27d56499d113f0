"""Schedule-free SGD: an average of the iterates takes the place of a learning rate that falls."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import lerp, tree_map
from robustpath.methods.base import Method, Params, choice, log_uniform, register, uniform
from robustpath.methods.descent import descent


class State(NamedTuple):
    """z: the iterates of plain SGD; x: their average; weight: the sum of their weights."""

    z: Params
    x: Params
    weight: Tensor


@register(
    search={
        "learning_rate": log_uniform(0.1, 10.0, default=1.0),
        "beta": choice(0.9, 0.95, 0.98, default=0.9),
        "weight_decay": log_uniform(1e-5, 1e-2, default=5e-4),
        "warmup": uniform(0.0, 0.2, default=0.05),
        "batches_per_step": choice(1, 8, default=1),
    },
    cite="defazio2024schedulefree",
)
def schedule_free(
    learning_rate: Tensor, beta: Tensor, weight_decay: Tensor, warmup: Tensor, batches_per_step: Tensor
) -> Method:
    """Schedule-free SGD: y = (1-b) z + b x; z <- z - lr (grad loss(y) + d y); x <- the mean of all z so far.

    (Defazio et al. 2024, eq. 3-5.) The learning rate rises linearly over the share `warmup` and stays. As in the
    authors' code every z has its squared learning rate for weight in the mean, and the initial parameters, which the
    paper counts, have none. Evaluated is x; the parameters between steps are y.
    """

    def init(params):
        return State(params, params, torch.zeros(()))

    def update(gradient, params, state, context):
        factor = torch.where(context.progress < warmup, context.progress / warmup.clamp_min(1e-12), 1.0)
        z = tree_map(lambda z, g, y: z - learning_rate * factor * (g + weight_decay * y), state.z, gradient, params)
        weight = state.weight + factor.square()
        x = lerp(state.x, z, factor.square() / weight)
        return lerp(z, x, beta), State(z, x, weight)

    def readout(params, state):
        return state.inner.x

    return descent(init, update, batches_per_step).replace(readout=readout)
