"""Early stopping at a distance: the control that limits how far a batch moves the model, and not where to."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import where
from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl


class State(NamedTuple):
    """inner: the base's state; anchor: the parameters before the batch; stopped: whether a step would have left the
    ball; moved: the distance so far; reached: the distance after the batch before."""

    inner: Any
    anchor: Params
    stopped: Tensor
    moved: Tensor
    reached: Tensor


@register(search={"radius": log_uniform(1e-3, 3, default=0.3)}, base=online_sgd, off={"radius": float("inf")})
def stop_at_distance(base: Method, radius: Tensor) -> Method:
    """The base's steps until one would leave the ball KL(p_a || p) <= radius on the batch: neither it nor any later
    step on this batch is taken.

    p_a: the predictions of the parameters before the batch; KL: the mean over the batch, in nats. The direction is
    that of the base in every step, so what a ball gains over this is not the length of its moves. Our control.
    """

    def init(params):
        zero = torch.zeros((), dtype=next(iter(params.values())).dtype)
        return State(base.init(params), params, torch.zeros((), dtype=torch.bool), zero, zero)

    def arrive(loss, params, state, batch, context):
        fresh = torch.zeros_like(state.stopped), torch.zeros_like(state.moved)
        return State(state.inner, params, *fresh, state.reached)

    def step(loss, params, state, batch, context):
        proposed, inner, info = base.step(loss, params, state.inner, batch, context)
        distance = forward_kl(*(context.network(p, batch.inputs) for p in (proposed, state.anchor)))
        stopped = state.stopped | (distance > radius)
        moved = torch.where(stopped, state.moved, distance)
        state = State(inner, state.anchor, stopped, moved, state.reached)
        return where(stopped, params, proposed), state, {**info, "ratio": state.reached / radius}

    def leave(loss, params, state, batch, context):
        return params, state._replace(reached=state.moved)

    return base.replace(init=init, arrive=arrive, step=step, leave=leave)
