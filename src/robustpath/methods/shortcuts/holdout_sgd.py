"""Hold-out SGD: a reference that learns from the examples which its children never meet."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Method, register
from robustpath.methods.minima.sgd import sgd

HOLDOUT = 1024  # examples at most: where the hold-out has fewer, they come more than once


class State(NamedTuple):
    """inner: the base's state; steps: how many have been taken."""

    inner: Any
    steps: Tensor


@register(search={}, base=sgd, cite="mindermann2022rho")
def holdout_sgd(base: Method) -> Method:
    """The base on the hold-out in place of the batch, as many of its examples a step, one pass after the other.

    It is the model of irreducible losses of Mindermann et al. 2022, sec. 3: the parent of a cell of `rho_loss`.
    """

    def step(loss, params, state, batch, context):
        holdout, examples = context.given["holdout"], len(batch.labels)
        if examples > HOLDOUT:
            raise UserError(f"hold-out SGD has {HOLDOUT} examples: set `batch_size` to at most that in config.yaml")
        places = (state.steps * examples + torch.arange(examples, device=batch.labels.device)) % HOLDOUT
        own = Batch(holdout.inputs[places], holdout.labels[places])
        params, inner, info = base.step(loss, params, state.inner, own, context)
        return params, State(inner, state.steps + 1), info

    return base.replace(
        init=lambda params: State(base.init(params), torch.zeros((), dtype=torch.int64)),
        step=step,
        readout=lambda params, state: base.readout(params, state.inner),
        needs={**base.needs, "holdout": HOLDOUT},
    )
