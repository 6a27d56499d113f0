"""Stochastic weight averaging: evaluate the mean of the last iterates instead of the last one."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, where, zeros_like
from robustpath.methods.base import Method, register, uniform
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; mean: the average of `count` iterates."""

    inner: Any
    mean: dict[str, Tensor]
    count: Tensor


@register(search={"share": uniform(0.1, 0.6, default=0.25)}, base=sgd, cite="izmailov2018swa", off={"share": 0.0})
def swa(base: Method, share: Tensor) -> Method:
    """The mean of the iterates in the last `share` of training is evaluated (Izmailov et al. 2018, alg. 1).

    From there on the base's learning rate keeps the value it has reached. Every gradient evaluation counts once, so an
    iterate that stays while a large batch is gathered counts as often as it stays.
    """

    def init(params):
        return State(base.init(params), zeros_like(params), torch.zeros(()))

    def step(loss, params, state, batch, context):
        held = context._replace(progress=torch.minimum(context.progress, 1 - share))
        params, inner, info = base.step(loss, params, state.inner, batch, held)
        late = context.progress > 1 - share
        count = state.count + late
        taken_in = tree_map(lambda mean, w: mean + (w - mean) / count, state.mean, params)
        return params, State(inner, where(late, taken_in, state.mean), count), info

    def readout(params, state):
        return where(state.count > 0, state.mean, params)

    return base.replace(init=init, step=step, readout=readout)
