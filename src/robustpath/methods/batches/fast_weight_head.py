"""Fast weights on the last layer: a second matrix that learns each batch at once, fades, and feeds the slow one."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from robustpath.core.types import Params
from robustpath.methods.base import Method, log_uniform, register, uniform
from robustpath.methods.batches.online_sgd import online_sgd


class State(NamedTuple):
    """inner: the base's state; fast: the fast weights A [classes, d]."""

    inner: Any
    fast: Tensor


def head(params: Params) -> str:
    """The name of the weights of a perceptron's last layer, whose layers are numbered."""
    return max((name for name in params if name.endswith(".weight")), key=lambda name: int(name.partition(".")[0]))


def associated(fast: Tensor, key: Tensor, error: Tensor) -> Tensor:
    """The delta rule A + e k' / |k|²: with e = v - A k, the key k then gives the value v, for every A."""
    return fast + torch.outer(error, key) / key.square().sum().clamp_min(torch.finfo(key.dtype).tiny)


@register(
    search={
        "rate": log_uniform(0.03, 3.0, default=0.3),
        "decay": uniform(0.0, 1.0, default=0.9),
        "consolidation": uniform(0.0, 0.5, default=0.1),
    },
    base=online_sgd,
    cite="ba2016fast",
    off={"rate": 0.0},
    networks=("mlp",),
)
def fast_weight_head(base: Method, rate: Tensor, decay: Tensor, consolidation: Tensor) -> Method:
    """Logits (W + A) h + b. As a batch leaves, A <- λ A, then for each example A <- A + η (y - p) h' / |h|².

    p is the prediction of W + A. Then W <- W + κ A and A <- (1 - κ) A, which leaves the network as it is. λ is `decay`,
    η `rate`, κ `consolidation`. The steps on a batch are the base's, on the loss of W + A with A fixed. A decaying
    matrix of outer products is that of Ba et al. 2016, who add h h' in a recurrent network; with the error in the place
    of the value it is the delta rule, by which Schlag et al. 2021 update their fast weights.
    """

    def init(params):
        return State(base.init(params), torch.zeros_like(params[head(params)]))

    def readout(params, state):
        return params | {head(params): params[head(params)] + state.fast}

    def step(loss, params, state, batch, context):
        def of_both(p, b):
            return loss(readout(p, state), b)

        params, inner, info = base.step(of_both, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    def leave(loss, params, state, batch, context):
        name, fast = head(params), decay * state.fast
        *_, entering, leaving = context.activations(params, batch.inputs).values()
        targets = one_hot(batch.labels, leaving.shape[1]).to(leaving.dtype)
        for key, slow, target in zip(entering, leaving, targets, strict=True):
            fast = associated(fast, key, rate * (target - (slow + fast @ key).softmax(0)))
        params = params | {name: params[name] + consolidation * fast}
        return params, State(state.inner, (1 - consolidation) * fast)

    return base.replace(init=init, step=step, leave=leave, readout=readout)
