"""Online curvature-aware replay with a diagonal Fisher: both gradients, divided by the curvature on both batches."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import lerp, tree_map, where, zeros_like
from robustpath.methods.base import Method, Params, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.fisher import gradients_and_losses, mean_square
from robustpath.methods.preconditioned import along

EXAMPLES = 20  # of the memory, drawn anew for each step


class State(NamedTuple):
    """inner: the base's state; curvature: the average of F_new + (1 + stability) F_memory; begun: whether a step has
    been taken."""

    inner: Any
    curvature: Params
    begun: Tensor


@register(
    search={
        "stability": log_uniform(0.01, 100, default=1),
        "damping": log_uniform(1e-3, 3, default=0.1),
        "rate": choice(0.1, 0.3, 0.5, 1.0, default=0.5),
    },
    base=online_sgd,
    cite="urettini2025ocar",
)
def ocar(base: Method, stability: Tensor, damping: Tensor, rate: Tensor) -> Method:
    """The base's step along (F_new + (1 + stability) F_memory + damping I)^-1 (g_new + g_memory), all of them averages.

    Urettini & Carta 2025, whose Fisher is a K-FAC matrix; here it is the diagonal of the empirical Fisher, from the
    gradients of single examples, so the method is a diagonal form of theirs. As there, the curvature is an exponential
    average over steps (a share `rate` is new). Not taken: their schedule of the damping.
    """

    def init(params):
        return State(base.init(params), zeros_like(params), torch.zeros((), dtype=torch.bool))

    def step(loss, params, state, batch, context):
        new, value = gradients_and_losses(loss, params, batch)
        old, _ = gradients_and_losses(loss, params, context.given["replay"])
        now = tree_map(lambda a, b: a + (1 + stability) * b, mean_square(new), mean_square(old))
        curvature = where(state.begun, lerp(state.curvature, now, rate), now)
        gradient = tree_map(lambda a, b: a.mean(0) + b.mean(0), new, old)
        direction = tree_map(lambda g, f: g / (f + damping), gradient, curvature)
        params, inner, info = base.step(along(direction, params, value.mean()), params, state.inner, batch, context)
        return params, State(inner, curvature, torch.ones_like(state.begun)), info

    return base.replace(init=init, step=step, needs={**base.needs, "replay": EXAMPLES})
