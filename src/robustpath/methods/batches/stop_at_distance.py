"""Early stopping at a distance: the control that limits how far a batch moves the model, and not where to."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, where, zeros_like
from robustpath.methods.base import Method, Params, grad_and_value, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl


class State(NamedTuple):
    """inner: the base's state; anchor: the parameters before the batch; gradient, value: of the loss, where the next
    step starts; stopped: whether a step would have left the ball; moved: the distance so far; reached: the distance
    after the batch before."""

    inner: Any
    anchor: Params
    gradient: Params
    value: Tensor
    stopped: Tensor
    moved: Tensor
    reached: Tensor


@register(search={"radius": log_uniform(1e-3, 3, default=0.03)}, base=online_sgd, off={"radius": float("inf")})
def stop_at_distance(base: Method, radius: Tensor) -> Method:
    """The base's steps until one would leave the ball KL(p_a || p) <= radius on the batch: neither it nor any later
    step on this batch is taken.

    p_a: the predictions of the parameters before the batch; KL: the mean over the batch, in nats. The direction is
    that of the base in every step, so what a ball gains over this is not the length of its moves. Our control. The pass
    that measures a step gives the gradient of the next one too, so the first gradient is taken as the batch arrives,
    and the last is not used.
    """

    def init(params):
        zero = torch.zeros((), dtype=next(iter(params.values())).dtype)
        return State(base.init(params), params, zeros_like(params), zero, torch.zeros((), dtype=torch.bool), zero, zero)

    def arrive(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        fresh = torch.zeros_like(state.stopped), torch.zeros_like(state.moved)
        return State(state.inner, params, gradient, value, *fresh, state.reached)

    def step(loss, params, state, batch, context):
        proposed, inner, info = base.step(lambda p, b: dot(state.gradient, p), params, state.inner, batch, context)
        gradient, value = grad_and_value(loss)(proposed, batch)
        distance = forward_kl(*(context.network(p, batch.inputs) for p in (proposed, state.anchor)))
        stopped = state.stopped | (distance > radius)
        info |= {"loss": state.value, "ratio": state.reached / radius}
        state = State(
            inner, state.anchor, where(stopped, state.gradient, gradient), torch.where(stopped, state.value, value),
            stopped, torch.where(stopped, state.moved, distance), state.reached,
        )  # fmt: skip
        return where(stopped, params, proposed), state, info

    def leave(loss, params, state, batch, context):
        return params, state._replace(reached=state.moved)

    return base.replace(init=init, arrive=arrive, step=step, leave=leave)
