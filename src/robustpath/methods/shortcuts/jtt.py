"""Just train twice: find the examples that a first training gets wrong, and give them more weight in a second."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils._pytree import tree_map

from robustpath.core.parameters import where
from robustpath.methods.base import Method, Params, log_uniform, register, uniform
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; start: the initial parameters; first: those of the first training, once it is over."""

    inner: Any
    start: Params
    first: Params
    again: Tensor


@register(
    search={
        "first_training": uniform(0.05, 0.4, default=0.2),
        "weight": log_uniform(2.0, 100.0, default=20.0),
    },
    base=sgd,
    cite="liu2021just",
)
def jtt(base: Method, first_training: Tensor, weight: Tensor) -> Method:
    """The base for the share `first_training`, then from the same start on the loss in which errors count more.

    An error is an example that the first training's last iterate takes for another class (Liu et al. 2021, alg. 1); as
    in SubpopBench, that iterate looks at each batch of the second training. Weights are divided by their sum over the
    batch, as a batch of an upsampled set would be; in the authors' program (anniesch/jtt, run_expt.py) an error comes
    weight + 1 times. Each training has the base's whole schedule. The look is taken, and paid for, in both.
    """

    def init(params):
        return State(base.init(params), params, params, torch.zeros((), dtype=torch.bool))

    def step(loss, params, state, batch, context):
        second = context.progress >= first_training
        turn = second & ~state.again
        first = where(turn, params, state.first)
        params = where(turn, state.start, params)
        inner = tree_map(lambda new, old: torch.where(turn, new, old), base.init(state.start), state.inner)
        done, share = torch.where(second, first_training, 0.0), torch.where(second, 1 - first_training, first_training)
        wrong = context.network(first, batch.inputs).argmax(-1) != batch.labels
        weights = torch.where(second & wrong, weight, 1.0)

        def weighted(p, b):
            losses = cross_entropy(context.network(p, b.inputs), b.labels, reduction="none")
            return (weights * losses).sum() / weights.sum()

        own = context._replace(progress=(context.progress - done) / share)
        params, inner, info = base.step(weighted, params, inner, batch, own)
        return params, State(inner, state.start, first, second), info | {"errors": wrong.to(weights).mean()}

    def readout(params, state):
        return base.readout(params, state.inner)

    return base.replace(init=init, step=step, readout=readout)
