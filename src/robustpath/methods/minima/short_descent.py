"""Short descent: the control that has no more steps of descent than a warm-up leaves."""

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath.methods.base import Method, choice, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE


@register(search={"share": choice(0.05, 0.1, 0.2, 0.4, 0.75, 1.0, default=1 - SHARE)}, base=sgd, off={"share": 1.0})
def short_descent(base: Method, share: Tensor) -> Method:
    """The base in the first `share` of the budget, its whole schedule squeezed into it; then w stands still.

    By default the share is what a walk leaves. The gradients of the steps that stand still are taken, and counted, but
    not used.
    """

    def step(loss, params, state, batch, context):
        progress = context.progress / share
        *moved, info = base.step(loss, params, state, batch, context._replace(progress=progress))
        params, state = state_map(lambda new, old: torch.where(progress < 1, new, old), tuple(moved), (params, state))
        return params, state, info

    return base.replace(step=step)
