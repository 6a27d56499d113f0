"""A jump, then waiting: the phase of controls that start elsewhere and descend no longer than after a walk."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import norm, subtract, where
from robustpath.methods.base import Method, Params, grad_and_value
from robustpath.methods.walk import PROBE


class State(NamedTuple):
    """start: the first parameters; moved: whether the jump is done."""

    start: Params
    moved: Tensor


def waiting(move: Callable[[Params, Params], Params]) -> Method:
    """The first step goes to move(params, noise), later steps stay there; noise is shaped like the parameters.

    Every step takes one gradient on the probe and leaves it unused: that is what a step of `walk` costs, so the descent
    that follows is exactly as long as the one that follows a walk.
    """

    def init(params):
        return State(params, torch.zeros((), dtype=torch.bool))

    def step(loss, params, state, batch, context):
        params = where(state.moved, params, move(params, context.given["noise"]))
        _, value = grad_and_value(loss)(params, context.given["probe"])
        info = {"loss": value, "displacement": norm(subtract(params, state.start)) / norm(state.start)}
        return params, State(state.start, torch.ones_like(state.moved)), info

    return Method(init, step, needs={"noise": 1, "probe": PROBE})
