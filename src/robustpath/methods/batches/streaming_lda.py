"""Streaming linear discriminant analysis on random features: class means and one covariance for all classes."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.least_squares import random_features, targets, whitened


class State(NamedTuple):
    """mean [c, d] and count [c] of each class; inverse: (λI + S)⁻¹ [d, d], S the scatter of features within classes;
    weight: of the readout [c, d], before `sharpness`, as it is needed more often than it changes."""

    mean: Tensor
    count: Tensor
    inverse: Tensor
    weight: Tensor


@register(
    search={"ridge": log_uniform(1e-2, 1e2, default=1.0), "sharpness": log_uniform(1e-3, 1.0, default=0.03)},
    cite="hayes2020slda",
    networks=("random_features",),
)
def streaming_lda(ridge: Tensor, sharpness: Tensor) -> Method:
    """Logits s (z'Λm_c - m_c'Λm_c / 2), Λ = n (S + λI)⁻¹ after n examples (Hayes and Kanan 2020, where s = 1).

    As in the official program (tyler-hayes/Deep_SLDA, commit 01d94cd): running means, a covariance that goes on
    changing, no prior over classes. Different: it begins with nothing (there with a large batch); an example that is
    number k of its class counts in S with (k - 1) / k, so that S is the exact scatter and the order does not matter
    (there with n / (n + 1), n of all classes); and the covariance is shrunk by λ / n (there by 1e-4 at all times), so
    that its inverse follows from that before. No prediction depends on `sharpness` s; with fewer examples than features
    the posterior of the Gaussian model is far too sure. Each batch takes part once, in `leave`.
    """

    def init(params):
        weight, bias = params["head.weight"], params["head.bias"]
        identity = torch.eye(weight.shape[1], dtype=weight.dtype)
        return State(torch.zeros_like(weight), torch.zeros_like(bias), identity / ridge, torch.zeros_like(weight))

    def step(loss, params, state, batch, context):
        return params, state, {"loss": loss(readout(params, state), batch)}

    def leave(loss, params, state, batch, context):
        mean, count, deviations = state.mean, state.count, []
        rows = random_features(context, params, batch.inputs)
        for row, label in zip(rows, targets(batch, params), strict=True):
            before, difference = label @ count, row - label @ mean
            deviations.append((before / (before + 1)).sqrt() * difference)
            mean, count = mean + torch.outer(label, difference / (before + 1)), count + label
        change, _ = whitened(state.inverse, torch.stack(deviations), rows[:, :0])
        inverse = state.inverse - change.T @ change
        return params, State(mean, count, inverse, count.sum() * mean @ inverse)

    def readout(params, state):
        weight = sharpness * state.weight
        return params | {"head.weight": weight, "head.bias": -(weight * state.mean).sum(1) / 2}

    return Method(init, step, readout, leave=leave)
