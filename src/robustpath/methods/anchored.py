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

    The anchor moves to the present parameters when a batch arrives, so the method needs to know no tasks. In a stream,
    what the penalty asks of the batch is part of the pass of the loss, and the anchor's outputs on it are those of the
    first step (protocols/stream/costs.py): a penalty on the batch costs nothing beside the base.
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
