"""Penalties on the distance from an anchor: the parameters as they were before the batch arrived."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from robustpath.methods.base import Batch, Context, Method, Params

Penalty = Callable[[Params, Params, Batch, Context], Tensor]


class State(NamedTuple):
    """inner: the base's state; anchor: the parameters before the batch."""

    inner: Any
    anchor: Params


def anchored(base: Method, penalty: Penalty, needs: Mapping[str, int] | None = None) -> Method:
    """The base's steps on the loss plus penalty(params, anchor, batch, context), a scalar.

    The anchor moves to the present parameters when a batch arrives, so the method needs to know no tasks. A step pays
    for the passes of the penalty, those of the anchor included: nothing is kept from one step to the next.
    """

    def init(params):
        return State(base.init(params), params)

    def arrive(loss, params, state, batch, context):
        return state._replace(anchor=params)

    def step(loss, params, state, batch, context):
        def penalised(p, b):
            return loss(p, b) + penalty(p, state.anchor, batch, context)

        params, inner, info = base.step(penalised, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    return base.replace(init=init, arrive=arrive, step=step, needs={**base.needs, **(needs or {})})
