"""Several candidates, of which the one with the lowest score is kept: what contour_population and restarts share."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Context, Loss, Method, Params

COUNT = 4
PROBE = 32  # examples; every step takes the losses of all candidates, and is to stay as cheap as a step of one walk
HOLDOUT = 32
SHAKE = 0.1  # of each weight's size: the standard deviation of the noise that measures sharpness
MEMORY = 4  # steps over which a score is averaged


class State(NamedTuple):
    """models: parameters [K, …]; inner: the states of their own steps [K, …]; scores [K]; steps done."""

    models: Params
    inner: Any
    scores: Tensor
    steps: Tensor


def score(loss: Loss, params: Params, value: Tensor, noise: Params, context: Context) -> Tensor:
    """L_holdout(w) + L_probe(w + 0.1 |w| n) - L_probe(w), in nats, for normal `noise` n and L_probe(w) = `value`.

    The rise is the sharpness in units of the weights (one draw of it); two forward passes.
    """
    shaken = tree_map(lambda w, n: w + SHAKE * w.abs() * n, params, noise)
    return loss(params, context.given["holdout"]) + loss(shaken, context.given["probe"]) - value


def best_of(method: Method) -> Method:
    """COUNT copies of the steps of `method`, each with noise of its own; the parameters are those of the best copy.

    Best is the lowest mean score of the last steps. The noise of the score is the same for all copies, so that its
    chance does not choose, and is no copy's own, along which it has just moved.
    """

    def init(params):
        models = tree_map(lambda w: w.expand(COUNT, *w.shape), params)
        return State(models, torch.vmap(method.init)(models), torch.zeros(COUNT), torch.zeros(()))

    def step(loss, params, state, batch, context):
        own, shared = (tree_map(lambda n, rows=rows: n[rows], context.given["noise"]) for rows in (slice(COUNT), COUNT))

        def advance(params, inner, noise):
            params, inner, info = method.step(loss, params, inner, batch, context.giving(noise=noise))
            return params, inner, info, score(loss, params, info["loss"], shared, context)

        models, inner, infos, fresh = torch.vmap(advance)(state.models, state.inner, own)
        steps = state.steps + 1
        scores = state.scores + (fresh - state.scores) / steps.clamp_max(MEMORY)
        best = torch.where(scores.isfinite(), scores, torch.inf).argmin()[None]
        after = State(models, inner, scores, steps)
        return tree_map(lambda w: w.index_select(0, best)[0], models), after, tree_map(torch.mean, infos)

    return Method(init, step, needs={"noise": COUNT + 1, "probe": PROBE, "holdout": HOLDOUT})
