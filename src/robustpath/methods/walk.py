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
    """What a direction may look at: the parameters and the gradient of the probe's loss there; the first parameters;
    the unit vector along which the last step was taken, zero before the first; what else the step was given."""

    params: Params
    gradient: Params
    start: Params
    last: Params
    loss: Loss
    batch: Batch
    context: Context


class State(NamedTuple):
    """start: the first parameters; last: the direction of the last step that was taken; level: the probe's loss at the
    start; gradient, loss: the probe's at the current parameters; step_length: relative to the norm of the parameters;
    measured: whether level, gradient and loss are known yet."""

    start: Params
    last: Params
    gradient: Params
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


def steepening(loss: Loss, params: Params, batch: Batch) -> Params:
    """H ĝ for the gradient g of the batch's loss and its Hessian H, exactly: the gradient of |g|, which it takes twice.

    Along its tangential part a walk goes to steeper points of the level set (level-set teleportation, Mishkin et al.
    2025), against it to flatter ones. A difference of gradients, grad L(w + r ĝ) - g, is another direction where units
    of a ReLU network switch within r: they do at any r that single precision allows. Zero where g is.
    """

    def along(w):
        gradient = grad(loss)(w, batch)
        return dot(gradient, unit(tree_map(torch.detach, gradient)))

    return grad(along)(params)


def at_rest(params: Params, step_length: Tensor) -> State:
    """The state of a walk that has not begun, at `params`."""
    zero = torch.zeros_like(norm(params))
    return State(params, zeros_like(params), zeros_like(params), zero, zero, zero + step_length, zero > 0)


def trial_step(
    direction: Callable[[Place], Params], loss: Loss, params: Params, state: State, batch: Batch, context: Context
) -> tuple[Params, Params]:
    """Where a step from `params` would lead, and its unit vector; it stays there until the level is known."""
    ahead = unit(direction(Place(params, state.gradient, state.start, state.last, loss, batch, context)))
    length = state.step_length * norm(state.start)
    moved = move(params, ahead, length, state.gradient, state.loss - state.level)
    return where(state.measured, moved, params), ahead


def settle(
    params: Params, state: State, trial: Params, ahead: Params, gradient: Params, value: Tensor, longest: Tensor,
    tolerance: float = TOLERANCE,
) -> tuple[Params, State, dict[str, Tensor]]:  # fmt: skip
    """The step to `trial`, where the probe has this gradient and loss: taken if it keeps the level within `tolerance`.

    The first step measures the level. `longest` is the bound on the length of a step, relative to the norm.
    """
    level = torch.where(state.measured, state.level, value)
    accepted = ~state.measured | ((value - level).abs() <= tolerance * level)
    after = State(
        state.start,
        where(accepted & state.measured, ahead, state.last),
        where(accepted, gradient, state.gradient),
        torch.where(accepted, value, state.loss),
        level,
        torch.minimum(state.step_length * torch.where(accepted, 1.2, 0.5), longest),
        torch.ones_like(state.measured),
    )
    reached = where(accepted, trial, params)
    info = {
        "loss": after.loss,
        "accepted": accepted.to(value.dtype),
        "level_error": (after.loss - level).abs() / level.clamp_min(torch.finfo(level.dtype).tiny),
        "displacement": norm(subtract(reached, state.start)) / norm(state.start),
        "step_length": state.step_length,
    }
    return reached, after, info


def walk(direction: Callable[[Place], Params], step_length: Tensor, tolerance: float = TOLERANCE) -> Method:
    """Steps of `move` along unit(direction(place)) that end within `tolerance` c of the first loss c.

    A step that would end elsewhere is not taken, and the next is half as long; after one that is taken the next is 1.2
    times as long, but never longer than the first: `step_length` times the norm of the parameters. (Unbounded, steps
    grow until each is a new random start wherever the loss hardly varies, as at initialisation.) Gradient and loss at
    the end of a taken step serve the next, so a step costs one gradient on the probe; the first only measures c.
    """

    def step(loss, params, state, batch, context):
        trial, ahead = trial_step(direction, loss, params, state, batch, context)
        gradient, value = grad_and_value(loss)(trial, context.given["probe"])
        return settle(params, state, trial, ahead, gradient, value, step_length, tolerance)

    return Method(lambda params: at_rest(params, step_length), step, needs={"noise": 1, "probe": PROBE})
