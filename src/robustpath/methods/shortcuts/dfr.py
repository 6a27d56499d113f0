"""Deep feature reweighting: keep the features, and fit the last layer again where the attribute tells nothing."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from robustpath.methods.base import Method, Params, log_uniform, register, sequence
from robustpath.methods.layers import head
from robustpath.methods.minima.sgd import sgd

BALANCED = 256  # examples of the hold-out, as many of each group
REFIT = 0.2  # the share of the budget that the last layer has


class State(NamedTuple):
    """weight, bias: of the last layer, for standardised features; ahead_*: where the next step begins; scale: t of
    Nesterov's sequence."""

    weight: Tensor
    bias: Tensor
    ahead_weight: Tensor
    ahead_bias: Tensor
    scale: Tensor


def fitted(state: State, features: Tensor, labels: Tensor, strength: Tensor) -> State:
    """One step of FISTA (Beck & Teboulle 2009) on mean cross-entropy + strength |weight|_1, for features [n, d]."""
    errors = (features @ state.ahead_weight.T + state.ahead_bias).softmax(1) - one_hot(labels, len(state.bias))
    rate = 2 / (1 + features.square().sum(1).mean())  # the curvature is at most half of that
    weight = state.ahead_weight - rate * errors.T @ features / len(labels)
    weight = torch.sign(weight) * (weight.abs() - rate * strength).clamp_min(0)
    bias = state.ahead_bias - rate * errors.mean(0)
    scale = (1 + torch.sqrt(1 + 4 * state.scale.square())) / 2
    ahead = (state.scale - 1) / scale
    return State(weight, bias, weight + ahead * (weight - state.weight), bias + ahead * (bias - state.bias), scale)


def refitting(strength: Tensor) -> Method:
    """Steps of the last layer alone, from zero."""

    def init(params):
        weight, bias = (params[name] for name in head(params))
        nothing = torch.zeros_like(weight), torch.zeros_like(bias)
        return State(*nothing, *nothing, torch.ones(()))

    def step(loss, params, state, batch, context):
        balanced = context.given["balanced"]
        outputs = list(context.activations(params, balanced.inputs).values())
        features = outputs[-2].flatten(1)
        centre, spread = features.mean(0), features.std(0, correction=0)
        spread = torch.where(spread > 0, spread, 1.0)
        state = fitted(state, (features - centre) / spread, balanced.labels, strength)
        params = with_last_layer(params, state.weight / spread, state.bias - state.weight / spread @ centre)
        return params, state, {"loss": cross_entropy(outputs[-1], balanced.labels)}

    return Method(init, step, needs={"balanced": BALANCED})


def with_last_layer(params: Params, weight: Tensor, bias: Tensor) -> Params:
    """The same parameters with another last layer."""
    last, after = head(params)
    return {**params, last: weight, after: bias}


@register(search={"strength": log_uniform(1e-4, 0.1, default=0.01)}, base=sgd, cite="kirichenko2023last")
def dfr(base: Method, strength: Tensor) -> Method:
    """The base for four fifths of the budget, then the last layer alone, fitted to the hold-out in equal groups.

    Kirichenko et al. 2023: standardised features and a logistic regression with an L1 penalty, from zero, as in the
    authors' program (deep_feature_reweighting, dfr_evaluate_spurious.py). There the mean of 20 fits to subsets of a
    validation set is taken, and the strength, 1 / (n C), is the one with the best accuracy of the worst group; here it
    is one fit to 256 examples of a fifth of the training set, which the base never meets, at a strength that is drawn.
    """
    return sequence((1 - REFIT, base.replace(needs={**base.needs, "balanced": 1})), (REFIT, refitting(strength)))
