"""A parametric memory: a second network learns the stored examples slowly, and its predictions are a target."""

from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import tree_map
from robustpath.core.types import Params
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl

REPLAYED = 10  # examples a step, as many as a batch has


class State(NamedTuple):
    """inner: the base's state; slow: the parameters of the memory."""

    inner: Any
    slow: Params


@register(
    search={"weight": log_uniform(0.1, 30.0, default=1.0), "slow_rate": log_uniform(1e-3, 0.3, default=0.03)},
    base=online_sgd,
    cite="chen2022episodic",
    off={"weight": 0.0},
)
def parametric_memory(base: Method, weight: Tensor, slow_rate: Tensor) -> Method:
    """Loss + `weight` KL(p_φ || p_θ) on replayed inputs; φ <- φ - `slow_rate` ∇CE(φ) on replayed examples at each step.

    φ begins where θ does, meets stored examples alone, and moves more slowly. The idea that a network which has learnt
    the contents of an episodic memory supervises another is that of Kangkang Chen et al. (2022), for values of actions;
    this form for classes is ours.
    """

    def init(params):
        return State(base.init(params), params)

    def step(loss, params, state, batch, context):
        replay = context.given["replay"]

        def fitted(q):
            logits = context.network(q, replay.inputs)
            return cross_entropy(logits, replay.labels), logits

        gradient, (value, known) = grad_and_value(fitted, has_aux=True)(state.slow)

        def supervised(p, b):
            return loss(p, b) + weight * forward_kl(context.network(p, replay.inputs), known)

        params, inner, info = base.step(supervised, params, state.inner, batch, context)
        slow = tree_map(lambda w, g: w - slow_rate * g, state.slow, gradient)
        return params, State(inner, slow), info | {"memory_loss": value}

    return base.replace(init=init, step=step, needs={**base.needs, "replay": REPLAYED})
