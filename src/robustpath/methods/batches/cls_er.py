"""CLS-ER: experience replay with a fast and a slow teacher, of which the better one is followed."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from robustpath.core.types import Params
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.er import er
from robustpath.methods.replay import zero
from robustpath.methods.teacher import follow


class State(NamedTuple):
    """inner: the base's state; plastic, stable: the fast and the slow average; steps: how many were taken."""

    inner: Any
    plastic: Params
    stable: Params
    steps: Tensor


@register(
    search={
        "weight": log_uniform(0.05, 10.0, default=1.0),
        "plastic_rate": log_uniform(0.003, 0.3, default=0.01),
        "slowness": log_uniform(1.0, 30.0, default=1.25),
    },
    base=er,
    cite="arani2022clser",
)
def cls_er(base: Method, weight: Tensor, plastic_rate: Tensor, slowness: Tensor) -> Method:
    """ER's loss + weight mean (z - z')² on replay; z' are logits of the more confident teacher (Arani et al. 2022).

    Of two averages of the parameters, for each example the one that gives its label the larger probability. They move
    after each step by plastic_rate and plastic_rate / slowness; the slow one is scored. As in
    NeurAI-Lab/CLS-ER@4620d09, models/clser.py; by default with the values tuned there for permuted MNIST, and with
    those for rotated MNIST (weight 0.75, rates 0.01 and 0.001) inside the ranges. Not as published: the averages move
    in each step, where theirs move in a random share of the steps, 0.8 to 1 there, which is part of the rates here.
    """

    def init(params):
        return State(base.init(params), params, params, zero(params))

    def step(loss, params, state, batch, context):
        replay = context.given["replay"]
        plastic, stable = (context.network(teacher, replay.inputs) for teacher in (state.plastic, state.stable))
        target = torch.where(_of_label(stable, replay.labels) > _of_label(plastic, replay.labels), stable, plastic)

        def consistent(p, examples):
            logits = context.network(p, examples.inputs)
            distance = mse_loss(logits[-len(replay.inputs) :], target)
            return cross_entropy(logits, examples.labels) + weight * distance

        params, inner, info = base.step(consistent, params, state.inner, batch, context)
        steps = state.steps + 1
        plastic = follow(state.plastic, params, plastic_rate, steps)
        stable = follow(state.stable, params, plastic_rate / slowness, steps)
        return params, State(inner, plastic, stable, steps), info

    return base.replace(init=init, step=step, readout=lambda params, state: state.stable)


def _of_label(logits: Tensor, labels: Tensor) -> Tensor:
    """The probability of each example's label [b, 1]."""
    return logits.softmax(1).gather(1, labels[:, None])
