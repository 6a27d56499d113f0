"""Invariant risk minimisation: a predictor that no environment would want to scale."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from robustpath.methods.base import Method, grad, log_uniform, register, uniform
from robustpath.methods.grouping import attributes, averages, count
from robustpath.methods.minima.sgd import sgd


def slopes(logits: Tensor, labels: Tensor, criterion: Callable[..., Tensor] = cross_entropy) -> Tensor:
    """d criterion(w z_i, y_i) / dw at w = 1 of every example [b], for its output z_i."""

    def scaled(factors):
        return criterion(factors[:, None] * logits, labels, reduction="none").sum()

    return grad(scaled)(torch.ones_like(logits[:, 0]))


def penalties(slope: Tensor, members: Tensor) -> Tensor:
    """|d R_e / dw|² of each environment [E], estimated without bias: the mean of `slope` [b] over the environment's
    examples (`members` [b, E]) with even places in the batch, times the mean over those with odd places; 0 where one of
    them is empty."""
    even, odd = (averages(slope[first::2], members[first::2]) for first in (0, 1))
    return even * odd


@register(
    search={
        "penalty": log_uniform(1.0, 1e4, default=100.0),
        "plain": uniform(0.0, 0.5, default=0.4),
    },
    base=sgd,
    cite="arjovsky2019invariant",
)
def irm(base: Method, penalty: Tensor, plain: Tensor) -> Method:
    """The base's step on the mean over environments of R_e + penalty |d R_e(w f) / dw at w = 1|² (IRMv1).

    Source: Arjovsky et al. 2019, whose loss IRMv1 this is. An environment is a value of the attribute, as in
    SubpopBench; only those with an example in the batch count. For the share `plain` of training, the first, the factor
    is 1; afterwards the whole loss is divided by the factor, as in the authors' program (InvariantRiskMinimization,
    colored_mnist/main.py, for 190 of 501 steps).
    """

    def step(loss, params, state, batch, context):
        groups, examples = context.given["groups"], len(batch.labels)
        members = one_hot(attributes(groups, examples), count(groups))
        factor = torch.where(context.progress < plain, 1.0, penalty)

        def invariant(p, b):
            logits = context.network(p, b.inputs)
            risks = averages(cross_entropy(logits, b.labels, reduction="none"), members)
            there = (members.sum(0) > 0).to(risks)
            each = risks + factor * penalties(slopes(logits, b.labels), members)
            return (there * each).sum() / there.sum() / factor.clamp_min(1.0)

        return base.step(invariant, params, state, batch, context)

    return base.replace(step=step, needs={**base.needs, "groups": 1})
