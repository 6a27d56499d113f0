"""Reptile: the start moves towards where a few steps on each episode lead."""

from functools import partial

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.tasks import mean, on_each

PROTOCOLS = ("episodes",)

ROUNDS = 2  # over the two halves of an episode


@register(
    search={"inner_rate": log_uniform(0.1, 2.0, default=0.3), "outer_rate": log_uniform(0.1, 1.0, default=1.0)},
    cite="nichol2018reptile",
)
def reptile(inner_rate: Tensor, outer_rate: Tensor) -> Method:
    """w <- w + outer_rate mean(w_e - w), w_e after steps on episode e (Nichol et al. 2018, algorithm 2).

    An episode is seen in two halves by turns, four inner steps in all. As published the halves of an episode are not
    used differently; there the inner steps are Adam's, and the outer rate falls to 0.
    """

    def moved(loss, params, support, query):
        losses = []
        for half in (support, query) * ROUNDS:
            gradient, value = grad_and_value(loss)(params, half)
            params = tree_map(lambda w, g: w - inner_rate * g, params, gradient)
            losses.append(value)
        return params, torch.stack(losses).mean()

    def step(loss, params, state, batch, context):
        ends, losses = on_each(partial(moved, loss), params, batch)
        after = tree_map(lambda w, end: w + outer_rate * (mean(end) - w), params, ends)
        return after, state, {"loss": mean(losses)}

    return adapting(Method(lambda params: (), step, order="episodes"), descent(inner_rate))
