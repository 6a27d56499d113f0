"""A walk on a level set of the loss in the course of a descent: when it begins and how long it takes are numbers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath.core.errors import UserError
from robustpath.core.parameters import add, dot, norm, scale, subtract, where, zeros_like
from robustpath.methods import walk
from robustpath.methods.base import Batch, Method, Params, choice, grad_and_value
from robustpath.methods.walk import PROBE, STEP_LENGTH, Place, at_rest, settle, trial_step

MIDWAY = STEP_LENGTH | {
    "descended": choice(0.0, 0.1, 0.333, default=0.1),
    "share": choice(0.1, 0.25, 0.5, default=0.25),
}


class State(NamedTuple):
    """descent: the base's state; walk: that of the walk; trial, ahead: where its step at hand would lead, and its unit
    vector; gradients, losses: sums over the `count` parts of the probe that were evaluated there."""

    descent: Any
    walk: walk.State
    trial: Params
    ahead: Params
    gradients: Params
    losses: Tensor
    count: Tensor


def midway(
    base: Method, direction: Callable[[Place], Params], descended: Tensor, share: Tensor, step_length: Tensor
) -> Method:
    """`base` through the share `descended` of its descent, a walk for `share` of the budget, then the rest of the base.

    The descent is the base's in 1 - share of the budget, with its whole schedule; it stands still during the walk, and
    goes on from where the walk ends, its velocity kept. The walk has the steps of `walk`, on the level that the descent
    has reached, and holds the norm there. A step needs the gradient of the whole probe. It is taken in parts as large
    as a batch, one in each step of the engine, so that every step of the engine costs one gradient, whenever one walks.
    The probe is as many whole batches as fit into PROBE examples; a step of the walk that the end of its time cuts off
    is not taken. At step_length 0 the walk stands still: the same schedule without a walk, as in `short_descent`.
    """

    def init(params):
        zero, none = torch.zeros_like(norm(params)), zeros_like(params)
        return State(base.init(params), at_rest(params, step_length), params, none, none, zero, zero)

    def step(loss, params, state, batch, context):
        begins, progress = descended * (1 - share), context.progress
        walking = (progress >= begins) & (progress < begins + share)

        proposal = trial_step(direction, loss, params, state.walk, batch, context)
        proposal = (where(step_length > 0, proposal[0], params), proposal[1])
        trial, ahead = state_map(
            lambda new, old: torch.where(state.count == 0, new, old), proposal, (state.trial, state.ahead)
        )
        here = where(walking, trial, params)
        parts, part = _part(context.given["probe"], len(batch.labels), state.count)
        examples = Batch(*(torch.where(walking, one, other) for one, other in zip(part, batch, strict=True)))
        gradient, value = grad_and_value(loss)(here, examples)

        done = torch.where(progress < begins, progress, progress - share) / (1 - share)
        linear = _linear(here, gradient, value)
        *moved, info = base.step(linear, here, state.descent, batch, context._replace(progress=done))

        gradients, losses, count = add(state.gradients, gradient), state.losses + value, state.count + 1
        mean = scale(gradients, 1 / count)
        whole = count >= parts
        settled = settle(params, state.walk, trial, ahead, mean, losses / count, step_length)[:2]
        walked, on = state_map(lambda new, old: torch.where(whole, new, old), settled, (params, state.walk))
        gathered = state_map(lambda kept: torch.where(whole, torch.zeros_like(kept), kept), (gradients, losses, count))

        on_the_way = State(state.descent, on, trial, ahead, *gathered)
        waiting = State(moved[1], at_rest(moved[0], step_length), *state[2:])
        after = state_map(
            lambda one, other: torch.where(walking, one, other), (walked, on_the_way), (moved[0], waiting)
        )
        return *after, {"loss": info["loss"]}

    return Method(init, step, base.readout, needs={"noise": 1, "probe": PROBE})


def _part(probe: Batch, size: int, number: Tensor) -> tuple[int, Batch]:
    """How many parts of `size` examples the probe has, and the part `number`, counted from zero.

    UserError where a part is larger than the probe.
    """
    parts = PROBE // size
    if parts < 1:
        raise UserError(
            f"a walk midway evaluates its probe of {PROBE} examples in parts as large as a batch, and a batch has "
            f"{size}; lower `batch_size` of the scale in config.yaml to {PROBE} or less."
        )
    positions = number.long() * size + torch.arange(size, device=probe.labels.device)
    return parts, Batch(*(field[positions] for field in probe))


def _linear(point: Params, gradient: Params, value: Tensor) -> Callable[[Params, Batch], Tensor]:
    """The loss to first order at `point`: the base that differentiates it there takes no second gradient."""
    return lambda params, batch: value + dot(gradient, subtract(params, point))
