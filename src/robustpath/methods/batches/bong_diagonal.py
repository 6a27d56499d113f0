"""Bayesian online natural gradient: a Gaussian over each parameter, one step of natural gradient and no KL term."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.fisher import gradients_and_losses


class State(NamedTuple):
    """precision: one over the variance of each parameter; the parameters themselves are the means."""

    precision: Params


@register(
    search={"variance": log_uniform(1e-3, 1, default=0.03), "noise": log_uniform(1e-8, 1e-3, default=1e-6)},
    cite="jones2024bong",
)
def bong_diagonal(variance: Tensor, noise: Tensor) -> Method:
    """P <- P + sum g_i², w <- w - (sum g_i) / P over the examples i of the batch (Jones et al. 2024).

    At the first batch P = 1 / variance; when a batch arrives, 1 / P grows by `noise`, a random walk of the parameters.
    As update_dg_bong and predict_bong of petergchang/bong (bong/src/bong.py at 1c23fc8) with the empirical Fisher,
    but for two things: g_i is taken at the mean and not averaged over samples of the Gaussian, and a whole batch is
    one observation. Published is one step an observation; every further step counts the batch again.
    """

    def init(params):
        return State(tree_map(lambda w: torch.ones_like(w) / variance, params))

    def arrive(loss, params, state, batch, context):
        return State(tree_map(lambda p: 1 / (1 / p + noise), state.precision))

    def step(loss, params, state, batch, context):
        gradients, losses = gradients_and_losses(loss, params, batch)
        precision = tree_map(lambda p, g: p + g.square().sum(0), state.precision, gradients)
        params = tree_map(lambda w, p, g: w - g.sum(0) / p, params, precision, gradients)
        return params, State(precision), {"loss": losses.mean()}

    return Method(init, step, arrive=arrive)
