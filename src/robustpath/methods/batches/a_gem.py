"""Averaged gradient episodic memory: no step that raises the loss on replayed examples to first order."""

import torch
from torch import Tensor

from robustpath.core.parameters import dot, tree_map
from robustpath.methods.base import Method, Params, grad, grad_and_value, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(search={}, base=online_sgd, cite="chaudhry2019agem")
def a_gem(base: Method) -> Method:
    """The base's step along g - min(g·r / r·r, 0) r, r the gradient on replay (Chaudhry et al. 2019).

    As in aimagelab/mammoth@0d727a7, models/agem.py, whose authors did not verify it against the paper. Not as
    published: the paper's memory takes examples at the end of each task, here it is the reservoir of all methods, for
    no task is known; 20 replayed examples a step. Reported: `projected`, the share of steps with g·r < 0.
    """

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        reference = grad(loss)(params, context.given["replay"])
        along = projected(gradient, reference)
        params, state, info = base.step(lambda p, b: dot(p, along), params, state, batch, context)
        conflict = (dot(gradient, reference) < 0).to(value.dtype)
        return params, state, info | {"loss": value, "projected": conflict}

    return base.replace(step=step, needs={**base.needs, "replay": 20})


def projected(gradient: Params, reference: Params) -> Params:
    """The vector nearest to `gradient` whose inner product with `reference` is not negative."""
    inner, square = dot(gradient, reference), dot(reference, reference)
    share: Tensor = inner.clamp_max(0) / square.clamp_min(torch.finfo(square.dtype).tiny)
    return tree_map(lambda g, r: g - share * r, gradient, reference)
