"""Scheduled data prior: features are held near those of a slow model, the more so the more confident it is."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import lerp
from robustpath.core.types import Params
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.layers import classes, head
from robustpath.methods.replay import joined, zero

VARIANCE = 0.75  # of the age of the parameters in the mixture, over its mean squared
LENGTH = 100  # the last examples of a class over which probabilities are averaged


class State(NamedTuple):
    """inner: the base's state; fast, slow: the two averages; probabilities [classes, LENGTH], each row written round
    and round; counts [classes]: the examples of each class; confidence: the share of the past in the loss, a scalar."""

    inner: Any
    fast: Params
    slow: Params
    probabilities: Tensor
    counts: Tensor
    confidence: Tensor


@register(search={"age": log_uniform(20.0, 4000.0, default=300.0)}, base=online_sgd, cite="koh2023sdp")
def sdp(base: Method, age: Tensor) -> Method:
    """(1 - s) CE + s b |f - f'|², f the features, f' those of the mixture, s its confidence (Koh et al. 2023).

    The mixture weighs the parameters of earlier steps by their age, with the mean `age` in steps; its last layer is the
    model's. s = (p - 1/C) C / (C + 1), at least 0: p is the mean probability of the right class, before a batch is
    learnt, over the last 100 examples of each of the C classes seen so far. b makes the two gradients by the features
    alike. The learning rate is 1 - s times the base's. As in yonseivnl/sdp@c9552ee, methods/sdp.py, where the age is
    10000 steps, a fifth of the stream. Not as published: theirs trains on a memory that has the new examples already,
    ours on the batch and 20 replayed examples, with one mean over all; the step is SGD's, and its rate is scaled by
    scaling the loss, before the gradient is bounded; there is no CutMix; classes not seen yet have logits as well.
    Reported: `confidence`.
    """
    slow_rate, fast_rate = rates(age)

    def mixture(params, state):
        share = fast_rate / (fast_rate - slow_rate)
        mixed = lerp(state.fast, state.slow, share)
        return mixed | {name: params[name] for name in head(params)}

    def init(params):
        number = classes(params)
        rows, counts = torch.zeros(number, LENGTH).to(zero(params).dtype), torch.zeros(number, dtype=torch.int64)
        return State(base.init(params), params, params, rows, counts, zero(params))

    def arrive(loss, params, state, batch, context):
        logits = context.network(mixture(params, state), batch.inputs)
        right = logits.softmax(1).gather(1, batch.labels[:, None])[:, 0]
        members = _members(batch.labels, len(state.counts)).long()
        rank = (members.cumsum(0) - 1).gather(1, batch.labels[:, None])[:, 0]
        places = batch.labels, (state.counts[batch.labels] + rank) % LENGTH
        rows = state.probabilities.index_put(places, right.to(state.probabilities.dtype))
        counts = state.counts + members.sum(0)
        return state._replace(probabilities=rows, counts=counts, confidence=confidence(rows, counts))

    def step(loss, params, state, batch, context):
        seen, known = joined(batch, context.given["replay"]), state.confidence
        past = _features(context.activations(mixture(params, state), seen.inputs))
        weights = params[head(params)[0]]

        def balanced(p, b):
            layers = context.activations(p, seen.inputs)
            logits = list(layers.values())[-1]
            distances = (_features(layers) - past).square().sum(1)
            slopes = (logits.softmax(1) - _members(seen.labels, logits.shape[1]).to(logits.dtype)) @ weights
            balance = (slopes.square().sum(1) / (4 * distances + 1e-8)).sqrt().mean().detach()
            both = (1 - known) * cross_entropy(logits, seen.labels) + known * balance * distances.mean()
            return (1 - known) * both

        params, inner, info = base.step(balanced, params, state.inner, batch, context)
        fast, slow = lerp(state.fast, params, fast_rate), lerp(state.slow, params, slow_rate)
        return params, state._replace(inner=inner, fast=fast, slow=slow), info | {"confidence": known}

    return base.replace(init=init, arrive=arrive, step=step, needs={**base.needs, "replay": 20})


def rates(age: Tensor) -> tuple[Tensor, Tensor]:
    """The rates of the slow and the fast average, so that their mixture has parameters of the mean age `age`."""
    root = (2 * VARIANCE - 1 + 2 / age).sqrt()
    over = age - 1 - age * VARIANCE
    return (1 - root) / over, (1 + root) / over


def confidence(probabilities: Tensor, counts: Tensor) -> Tensor:
    """How much better than chance the right class was predicted, in [0, 1), from the rows of the classes seen."""
    seen = (counts > 0).to(probabilities.dtype)
    number = seen.sum()
    means = probabilities.sum(1) / counts.clamp(1, LENGTH)
    return ((seen * means).sum() / number - 1 / number).clamp(0, 1) * number / (number + 1)


def _features(layers: dict[str, Tensor]) -> Tensor:
    """What the last layer sees [b, d]."""
    return list(layers.values())[-2].flatten(1)


def _members(labels: Tensor, number: int) -> Tensor:
    """Which examples belong to which class, bool [b, number]."""
    return labels[:, None] == torch.arange(number, device=labels.device)
