"""Perturbed gradient descent: a random step wherever the gradient is small, to leave saddle points."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath.core.parameters import add, dot, norm, scale, subtract, tree_map, unit, where
from robustpath.methods.base import Method, Params, choice, grad_and_value, log_uniform, register
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; before, loss_before: parameters and loss at the last perturbation; since: descent steps
    since then; stopped: whether the perturbation did not help, so that the run is over."""

    inner: Any
    before: Params
    loss_before: Tensor
    since: Tensor
    stopped: Tensor


def in_ball(noise: Params, radius: Tensor) -> Params:
    """A uniform point of the ball of `radius` from two normal vectors, stacked on the first axis of every tensor.

    The first gives the direction; U, the normal distribution function of one number of the second, gives the length
    radius U^(1/d) in d dimensions (Muller 1959).
    """
    dimension = sum(math.prod(tensor.shape[1:]) for tensor in noise.values())
    share = torch.special.ndtr(next(iter(noise.values()))[1].reshape(-1)[0])
    return scale(unit(tree_map(lambda normal: normal[0], noise)), radius * share ** (1 / dimension))


@register(
    search={
        "radius": log_uniform(0.01, 1.0, default=0.1),
        "gradient_threshold": log_uniform(0.05, 1.0, default=0.3),
        "patience": choice(10, 25, 50, default=25),
        "decrease": choice(-1.0, 0.01, default=-1.0),
    },
    base=sgd,
    cite="jin2017escape",
    off={"radius": 0.0},
)
def perturbed_gd(
    base: Method, radius: Tensor, gradient_threshold: Tensor, patience: Tensor, decrease: Tensor
) -> Method:
    """Perturbed gradient descent: w <- w + xi, xi uniform in a ball, where |g| is small (Jin et al. 2017, alg. 2).

    A perturbation needs |g| <= gradient_threshold and more than `patience` steps of the base since the last one. After
    exactly `patience` steps the loss must have fallen by `decrease`; otherwise the run goes back to where it was
    perturbed and stops. The paper derives the four numbers from the loss's Lipschitz constants, which are too small to
    use (a radius of 1e-6 on a toy); here they are tuned.

    A step is one gradient evaluation: one whose gradient is small perturbs, and the next descends from there, which
    gives the paper's iterates. On minibatches g and the losses are those of the batch at hand; a negative `decrease`
    allows for their noise.
    """

    def init(params):
        zero = torch.zeros_like(norm(params))
        return State(base.init(params), params, zero, zero + patience + 1, zero > 0)

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        perturbs = (norm(gradient) <= gradient_threshold) & (state.since > patience) & (radius > 0)
        failed = (state.since == patience) & (value - state.loss_before > -decrease) & (radius > 0)

        # The base descends the loss's tangent plane, whose gradient is the one already at hand.
        def plane(p, b):
            return value + dot(gradient, subtract(p, params))

        descended, inner, info = base.step(plane, params, state.inner, batch, context)
        stopped = state.stopped | failed
        after = where(perturbs, add(params, in_ball(context.given["noise"], radius)), descended)
        after = where(stopped, where(failed & ~state.stopped, state.before, params), after)
        inner = state_map(lambda old, new: torch.where(perturbs, old, new), state.inner, inner)
        following = State(
            inner,
            where(perturbs, params, state.before),
            torch.where(perturbs, value, state.loss_before),
            torch.where(perturbs, torch.zeros_like(state.since), state.since + 1),
            stopped,
        )
        return after, following, info | {"perturbed": (perturbs & ~stopped).to(value.dtype)}

    return base.replace(init=init, step=step, needs=base.needs | {"noise": 2})
