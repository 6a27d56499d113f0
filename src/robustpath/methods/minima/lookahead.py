"""Lookahead: some steps forward, then part of the way back."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map, where
from robustpath.methods.base import Method, Params, choice, register
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; slow: the slow weights; updates: of the base since the slow weights last moved."""

    inner: Any
    slow: Params
    updates: Tensor


@register(
    search={"interpolation": choice(0.5, 0.8, default=0.8), "inner_steps": choice(5, 10, default=5)},
    base=sgd,
    cite="zhang2019lookahead",
    off={"interpolation": 1.0},
)
def lookahead(base: Method, interpolation: Tensor, inner_steps: Tensor) -> Method:
    """Every k updates of the base: s <- s + a (w - s), then w <- s (Zhang et al. 2019, alg. 1).

    k is `inner_steps`, a `interpolation`; the defaults and the velocity, which is kept when w falls back, are those of
    the authors' code. The slow weights s are evaluated, after a last such step from where the base has got to.
    """

    def between(slow: Params, fast: Params) -> Params:
        # In this order the fast weights come back bit for bit where a = 1.
        return tree_map(lambda s, w: interpolation * w + (1 - interpolation) * s, slow, fast)

    def init(params):
        return State(base.init(params), params, torch.zeros(()))

    def step(loss, params, state, batch, context):
        params, inner, info = base.step(loss, params, state.inner, batch, context)
        # A base that still gathers gradients for a large batch has not moved.
        updates = state.updates + (inner.count == 0)
        due = updates >= inner_steps
        slow = where(due, between(state.slow, params), state.slow)
        return where(due, slow, params), State(inner, slow, torch.where(due, 0, updates)), info

    def readout(params, state):
        return between(state.slow, params)

    return base.replace(init=init, step=step, readout=readout)
