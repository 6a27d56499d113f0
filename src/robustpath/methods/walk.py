"""A walk on a level set of the loss, in directions of any kind: what contour_warmup and its control have in common."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, norm, scale, subtract, tree_map, unit, where, zeros_like
from robustpath.methods.base import Batch, Context, Loss, Method, Params, grad, grad_and_value, log_uniform

SHARE = 0.25  # of the budget is walked; the rest is left to the descent
PROBE = 128  # examples whose loss is held level
TOLERANCE = 0.05  # of the level, above or below it
STEP_LENGTH = {"step_length": log_uniform(0.01, 0.1, default=0.05)}


class Place(NamedTuple):
    """What a direction may look at: the parameters, the gradient of the probe's loss there and what else the walk looks
    for at the end of a step; the first parameters; the unit vector along which the last step was taken, zero before the
    first; what else the step was given."""

    params: Params
    gradient: Params
    seen: Params
    start: Params
    last: Params
    loss: Loss
    batch: Batch
    context: Context


class State(NamedTuple):
    """start: the first parameters; last: the direction of the last step that was taken; level: the probe's loss at the
    start; gradient, seen, loss: the probe's at the current parameters; step_length: relative to the norm of the
    parameters; measured: whether level, gradient and loss are known yet."""

    start: Params
    last: Params
    gradient: Params
    seen: Params
    loss: Tensor
    level: Tensor
    step_length: Tensor
    measured: Tensor


def move(params: Params, direction: Params, length: Tensor, gradient: Params, error: Tensor) -> Params:
    """params + length u - (error/|g|²) g, brought back to the norm of `params`, for the unit vector u = `direction`.

    `error` is the loss above the level. The correction, a Newton step on the loss, is held to the length of the walk's
    step, as the loss is linear no further (and a vanishing gradient asks for an infinite one).
    """
    steepness = norm(gradient).clamp_min(torch.finfo(error.dtype).tiny)
    correction = torch.minimum(torch.maximum(error / steepness, -length), length)
    moved = tree_map(lambda w, u, g: w + length * u - correction * g, params, direction, unit(gradient))
    return scale(unit(moved), norm(params))


class Look(NamedTuple):
    """What a walk takes at the end of a step: look(loss, params, probe) -> (gradient, loss, what else a direction
    needs). before: (params) -> what else, where nothing has been looked at yet."""

    look: Callable[[Loss, Params, Batch], tuple[Params, Tensor, Params]]
    before: Callable[[Params], Params]


def level(loss: Loss, params: Params, batch: Batch) -> tuple[Params, Tensor, Params]:
    """(g, L, nothing else): one gradient evaluation."""
    return *grad_and_value(loss)(params, batch), {}


def steepness(loss: Loss, params: Params, batch: Batch) -> tuple[Params, Tensor, Params]:
    """(g, L, H ĝ) for the Hessian H of the batch's loss L and its gradient g; exact: H ĝ is the gradient of |g|.

    The gradient is taken twice, which costs three gradient evaluations and gives g on its way. Along the tangential
    part of H ĝ a walk goes to steeper points of the level set (level-set teleportation, Mishkin et al. 2025), against
    it to flatter ones. A difference of gradients, grad L(w + r ĝ) - g, is another direction where units of a ReLU
    network switch within r, as they do at 0.01. H ĝ is zero where g is.
    """

    def along(w):
        gradient, value = grad_and_value(loss)(w, batch)
        fixed = tree_map(torch.detach, gradient)
        return dot(gradient, unit(fixed)), (fixed, value.detach())

    steeper, (gradient, value) = grad(along, has_aux=True)(params)
    return gradient, value, steeper


LEVEL, STEEPNESS = Look(level, lambda params: {}), Look(steepness, zeros_like)


def at_rest(params: Params, step_length: Tensor, at_end: Look = LEVEL) -> State:
    """The state of a walk that has not begun, at `params`."""
    zero, nothing = torch.zeros_like(norm(params)), zeros_like(params)
    return State(params, nothing, nothing, at_end.before(params), zero, zero, zero + step_length, zero > 0)


def trial_step(
    direction: Callable[[Place], Params], loss: Loss, params: Params, state: State, batch: Batch, context: Context
) -> tuple[Params, Params]:
    """Where a step from `params` would lead, and its unit vector; it stays there until the level is known."""
    here = Place(params, state.gradient, state.seen, state.start, state.last, loss, batch, context)
    ahead = unit(direction(here))
    length = state.step_length * norm(state.start)
    moved = move(params, ahead, length, state.gradient, state.loss - state.level)
    return where(state.measured, moved, params), ahead


def settle(
    params: Params, state: State, trial: Params, ahead: Params, look: tuple[Params, Tensor, Params], longest: Tensor,
    tolerance: float = TOLERANCE,
) -> tuple[Params, State, dict[str, Tensor]]:  # fmt: skip
    """The step to `trial`, with what a `look` at the probe has seen there: taken if it keeps the level within
    `tolerance`.

    The first step measures the level. `longest` is the bound on the length of a step, relative to the norm.
    """
    gradient, value, seen = look
    held = torch.where(state.measured, state.level, value)
    accepted = ~state.measured | ((value - held).abs() <= tolerance * held)
    after = State(
        state.start,
        where(accepted & state.measured, ahead, state.last),
        where(accepted, gradient, state.gradient),
        where(accepted, seen, state.seen),
        torch.where(accepted, value, state.loss),
        held,
        torch.minimum(state.step_length * torch.where(accepted, 1.2, 0.5), longest),
        torch.ones_like(state.measured),
    )
    reached = where(accepted, trial, params)
    info = {
        "loss": after.loss,
        "accepted": accepted.to(value.dtype),
        "level_error": (after.loss - held).abs() / held.clamp_min(torch.finfo(held.dtype).tiny),
        "displacement": norm(subtract(reached, state.start)) / norm(state.start),
        "step_length": state.step_length,
    }
    return reached, after, info


def walk(
    direction: Callable[[Place], Params], step_length: Tensor, tolerance: float = TOLERANCE, at_end: Look = LEVEL
) -> Method:
    """Steps of `move` along unit(direction(place)) that end within `tolerance` c of the first loss c.

    A step that would end elsewhere is not taken, and the next is half as long; after one that is taken the next is 1.2
    times as long, but never longer than the first: `step_length` times the norm of the parameters. (Unbounded, steps
    grow until each is a new random start wherever the loss hardly varies, as at initialisation.) What is seen
    at the end of a taken step serves the next, so a step costs one look at the probe; the first only measures c.
    """

    def step(loss, params, state, batch, context):
        trial, ahead = trial_step(direction, loss, params, state, batch, context)
        look = at_end.look(loss, trial, context.given["probe"])
        return settle(params, state, trial, ahead, look, step_length, tolerance)

    return Method(lambda params: at_rest(params, step_length, at_end), step, needs={"noise": 1, "probe": PROBE})
