"""The exponential moving average of the iterates: evaluate it instead of the last iterate."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, where, zeros_like
from robustpath.methods.base import Method, choice, register
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; total: the decaying sum of the iterates; weight: the sum of their weights."""

    inner: Any
    total: dict[str, Tensor]
    weight: Tensor


@register(
    search={"decay": choice(0.9, 0.97, 0.99, 0.995, default=0.99)}, base=sgd, cite="kingma2015adam", off={"decay": 0.0}
)
def ema(base: Method, decay: Tensor) -> Method:
    """Exponential average: a <- d a + (1-d) w from a = 0; evaluated is a / (1 - d^t) (Kingma & Ba 2015, sec. 7.2).

    The division corrects the bias towards zero, and the initial parameters have no weight. The average decays at every
    gradient evaluation, so that its memory is a number of examples for any size of the batch.
    """

    def init(params):
        return State(base.init(params), zeros_like(params), torch.zeros(()))

    def step(loss, params, state, batch, context):
        params, inner, info = base.step(loss, params, state.inner, batch, context)
        total = tree_map(lambda a, w: decay * a + (1 - decay) * w, state.total, params)
        return params, State(inner, total, decay * state.weight + (1 - decay)), info

    def readout(params, state):
        return where(state.weight > 0, tree_map(lambda a: a / state.weight, state.total), params)

    return base.replace(init=init, step=step, readout=readout)
