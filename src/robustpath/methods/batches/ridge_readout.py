"""Ridge regression on random features: a readout that does not depend on the order of the stream."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.least_squares import random_features, targets, whitened


class State(NamedTuple):
    """inverse: (λI + Z'Z)⁻¹ [d, d] of all features Z so far, a last one that is always 1 included; solution [c, d]."""

    inverse: Tensor
    solution: Tensor


@register(
    search={"ridge": log_uniform(1e-2, 1e2, default=1.0), "sharpness": log_uniform(1.0, 100.0, default=10.0)},
    cite="mcdonnell2023ranpac",
    networks=("random_features",),
)
def ridge_readout(ridge: Tensor, sharpness: Tensor) -> Method:
    """W = Y'Z (Z'Z + λI)⁻¹ of all batches so far (McDonnell et al. 2023), by recursive least squares.

    Each batch takes part once, in `leave`, so that one step on it is as good as many. Unlike in the official program
    (RanPAC/RanPAC, commit 698e00c) λ is the same all along (there it is chosen anew after each task), the random
    features and the readout have a bias, no network comes before the features, and the logits are W z times
    `sharpness`: the outputs of a regression are no logarithms of probabilities.
    """

    def init(params):
        width = params["head.weight"].shape[1] + 1
        identity = torch.eye(width, dtype=params["head.weight"].dtype)
        return State(identity / ridge, torch.zeros_like(identity[: len(params["head.bias"])]))

    def step(loss, params, state, batch, context):
        return params, state, {"loss": loss(readout(params, state), batch)}

    def leave(loss, params, state, batch, context):
        rows = pad(random_features(context, params, batch.inputs), (0, 1), value=1.0)
        errors = targets(batch, params) - rows @ state.solution.T
        change, errors = whitened(state.inverse, rows, errors)
        return params, State(state.inverse - change.T @ change, state.solution + errors.T @ change)

    def readout(params, state):
        head = sharpness * state.solution
        return params | {"head.weight": head[:, :-1], "head.bias": head[:, -1]}

    return Method(init, step, readout, leave=leave)
