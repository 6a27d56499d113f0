"""Anchored descent: steps on a batch are pulled back to where they began."""

from typing import Any, NamedTuple

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """Of the base; the parameters as the batch arrived; the mean of those with which batches left, and their number."""

    inner: Any
    anchor: Params
    slow: Params
    left: Tensor


@register(search={"pull": log_uniform(0.01, 0.5, default=0.1)}, base=sgd)
def anchored(base: Method, pull: Tensor) -> Method:
    """w <- s - pull (s - a) after the base's step to s, for the parameters a as the batch arrived.

    Evaluated at the mean of the parameters with which batches left.
    """

    def init(params):
        return State(base.init(params), params, params, pull * 0)

    def arrive(loss, params, state, batch, context):
        return state._replace(anchor=params)

    def step(loss, params, state, batch, context):
        params, inner, info = base.step(loss, params, state.inner, batch, context)
        return tree_map(lambda w, a: w - pull * (w - a), params, state.anchor), state._replace(inner=inner), info

    def leave(loss, params, state, batch, context):
        left = state.left + 1
        return params, state._replace(slow=tree_map(lambda s, w: s + (w - s) / left, state.slow, params), left=left)

    def readout(params, state):
        return state.slow

    return base.replace(init=init, step=step, readout=readout, arrive=arrive, leave=leave)
