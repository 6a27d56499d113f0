"""Early stopping: evaluate the iterate that does best on examples held out of training."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import where
from robustpath.methods.base import Method, Params, register
from robustpath.methods.minima.sgd import sgd

HOLDOUT = 64  # examples that every iterate is tried on


class State(NamedTuple):
    """inner: the base's state; best: the iterate with the lowest loss on the hold-out examples; lowest: that loss."""

    inner: Any
    best: Params
    lowest: Tensor


@register(search={}, base=sgd, cite="prechelt1998early")
def early_stopping(base: Method) -> Method:
    """The base, evaluated at its iterate of lowest loss on 64 hold-out examples (Prechelt 1998).

    All iterates are tried, and the descent goes on to the end of its schedule: the lowest of all losses is found, as no
    rule that stops sooner can be sure to. The hold-out examples are a part of the run's own, which no batch holds, and
    each look at them costs a forward pass.
    """

    def init(params):
        return State(base.init(params), params, torch.full((), torch.inf))

    def step(loss, params, state, batch, context):
        params, inner, info = base.step(loss, params, state.inner, batch, context)
        value = loss(params, context.given["holdout"])
        best = where(value < state.lowest, params, state.best)
        return params, State(inner, best, torch.minimum(value, state.lowest)), info

    def readout(params, state):
        return state.best

    return base.replace(init=init, step=step, readout=readout, needs=base.needs | {"holdout": HOLDOUT})
