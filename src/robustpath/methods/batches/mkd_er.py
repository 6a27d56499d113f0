"""Momentum knowledge distillation on experience replay: a slow model teaches on the batch and the memory."""

from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import lerp, tree_map
from robustpath.core.types import Params
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.er import er
from robustpath.methods.replay import joined
from robustpath.methods.teacher import distillation

TEMPERATURE = 4.0
SEARCH = {"weight": log_uniform(0.3, 60.0, default=5.5), "rate": log_uniform(0.001, 0.3, default=0.01)}


class State(NamedTuple):
    """inner: the base's state; teacher: the moving average of the parameters."""

    inner: Any
    teacher: Params


@register(search=SEARCH, base=er, cite="michel2024mkd")
def mkd_er(base: Method, weight: Tensor, rate: Tensor) -> Method:
    """ER's loss + weight T² KL(teacher || student) on the same examples, T = 4 (Michel et al. 2024).

    The teacher moves by `rate` towards the student after each step; what is scored has the mean of both models'
    parameters. As in Nicolas1203/mkd_ocl@96b9733, src/learners/ema/er_ema.py, where the weight is 5.5 or 8 and the rate
    0.01. Not as published: inputs are not augmented (theirs are, and the student is held to the teacher on both views);
    the teacher begins at the first parameters (theirs at rate / (1 - rate) times them, so near zero).
    """

    def init(params):
        return State(base.init(params), params)

    def step(loss, params, state, batch, context):
        taught = context.network(state.teacher, joined(batch, context.given["replay"]).inputs)

        def both(p, examples):
            logits = context.network(p, examples.inputs)
            return cross_entropy(logits, examples.labels) + weight * distillation(logits, taught, TEMPERATURE)

        params, inner, info = base.step(both, params, state.inner, batch, context)
        return params, State(inner, lerp(state.teacher, params, rate)), info

    return base.replace(init=init, step=step, readout=between)


def between(params: Params, state: State) -> Params:
    """The mean of the student's and the teacher's parameters."""
    return tree_map(lambda student, teacher: (student + teacher) / 2, params, state.teacher)
