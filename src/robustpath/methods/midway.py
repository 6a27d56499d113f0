"""A walk on a level set of the loss in the course of a descent: when it begins and how long it takes are numbers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath.core.errors import UserError
from robustpath.core.parameters import add, dot, scale, subtract, where, zeros_like
from robustpath.methods import walk
from robustpath.methods.base import Batch, Method, Params, choice, grad_and_value
from robustpath.methods.walk import PROBE, STEP_LENGTH, Place, at_rest, settle, trial_step

MIDWAY = STEP_LENGTH | {
    "descended": choice(0.0, 0.1, 0.333, default=0.1),
    "share": choice(0.1, 0.25, 0.5, default=0.25),
}


class State(NamedTuple):
    """descent: the base's state; walk: that of the walk; steps: how many steps were taken."""

    descent: Any
    walk: walk.State
    steps: Tensor


def midway(
    base: Method, direction: Callable[[Place], Params], descended: Tensor, share: Tensor, step_length: Tensor
) -> Method:
    """`base` through the share `descended` of its descent, a walk for `share` of the budget, then the rest of the base.

    The descent is the base's in 1 - share of the budget, with its whole schedule; it stands still during the walk, and
    goes on from where the walk ends, its velocity kept. The walk has the steps of `walk`, on the level that the descent
    has reached, and holds the norm there. A step of the walk takes the gradient of the PROBE examples; as many steps of
    the descent, one after the other, take those of as many batches: so a step here costs the same whether it walks or
    descends, and costs as many gradients as there are batches in PROBE examples. At step_length 0 the walk stands
    still: the same schedule without a walk, as in `short_descent`.
    """

    def init(params):
        return State(base.init(params), at_rest(params, step_length), torch.zeros(()))

    def step(loss, params, state, batch, context):
        begins, progress = descended * (1 - share), context.progress
        walking = (progress >= begins) & (progress < begins + share)
        length = progress / (state.steps + 0.5)  # of a step, as a share of the budget
        trial, ahead = trial_step(direction, loss, params, state.walk, batch, context)
        trial = where(step_length > 0, trial, params)

        parts = _parts(context.given["stream"], context.given["probe"], len(batch.labels))
        here, descent = where(walking, trial, params), state.descent
        gradients, losses = zeros_like(params), 0.0
        for number, (learnt, probed) in enumerate(parts):
            examples = Batch(*(torch.where(walking, *pair) for pair in zip(probed[:2], learnt[:2], strict=True)))
            gradient, value = grad_and_value(loss)(here, examples)
            gradients, losses = add(gradients, gradient), losses + value
            middle = progress + length * ((number + 0.5) / len(parts) - 0.5)
            done = torch.where(progress < begins, middle, middle - share) / (1 - share)
            known = _linear(here, gradient, value)
            *moved, _ = base.step(known, here, descent, learnt, context._replace(progress=done))
            here, descent = state_map(lambda new, old: torch.where(walking, old, new), tuple(moved), (here, descent))

        look = scale(gradients, 1 / len(parts)), losses / len(parts), {}
        walked = settle(params, state.walk, trial, ahead, look, step_length)[:2]
        params, on = state_map(
            lambda new, old: torch.where(walking, new, old), walked, (here, at_rest(here, step_length))
        )
        return params, State(descent, on, state.steps + 1), {"loss": look[1]}

    return Method(init, step, base.readout, needs={"noise": 1, "probe": PROBE, "stream": PROBE})


def _parts(stream: Batch, probe: Batch, size: int) -> list[tuple[Batch, Batch]]:
    """The stream and the probe in parts of `size` examples; UserError where parts of that size leave a rest."""
    if len(stream.labels) % size:
        raise UserError(
            f"a walk in the course of a descent takes {len(stream.labels)} examples a step, in batches, and a batch "
            f"has {size}; let `batch_size` of the scale in config.yaml divide {len(stream.labels)}."
        )
    fields = [[field.split(size) for field in (each.inputs, each.labels)] for each in (stream, probe)]
    return [
        (Batch(*learnt), Batch(*probed))
        for learnt, probed in zip(*(zip(*each, strict=True) for each in fields), strict=True)
    ]


def _linear(point: Params, gradient: Params, value: Tensor) -> Callable[[Params, Batch], Tensor]:
    """The loss to first order at `point`: the base that differentiates it there takes no second gradient."""
    return lambda params, batch: value + dot(gradient, subtract(params, point))
