"""The nearest class mean on random features: a readout that keeps a sum and a count of each class."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.least_squares import random_features, targets


class State(NamedTuple):
    """total: sums of the features of each class [c, d]; count: how many examples that were [c]."""

    total: Tensor
    count: Tensor


@register(
    search={"sharpness": log_uniform(0.01, 10.0, default=1.0)},
    cite="mensink2013distance",
    networks=("random_features",),
)
def nearest_mean(sharpness: Tensor) -> Method:
    """Logits -s |z - m_c|² / 2 of features z and class means m_c (Mensink et al. 2013), linear in z.

    The term in |z|² is left out, since it is the same for all classes. `sharpness` s is the inverse variance of a class
    around its mean; no prediction depends on it. The mean of a class that has not been seen yet is the origin. Each
    batch takes part once, in `leave`, so that one step on it is as good as many.
    """

    def init(params):
        return State(torch.zeros_like(params["head.weight"]), torch.zeros_like(params["head.bias"]))

    def step(loss, params, state, batch, context):
        return params, state, {"loss": loss(readout(params, state), batch)}

    def leave(loss, params, state, batch, context):
        rows, labels = random_features(context, params, batch.inputs), targets(batch, params)
        return params, State(state.total + labels.T @ rows, state.count + labels.sum(0))

    def readout(params, state):
        means = state.total / state.count.clamp_min(1)[:, None]
        return params | {"head.weight": sharpness * means, "head.bias": -sharpness / 2 * means.square().sum(1)}

    return Method(init, step, readout, leave=leave)
